// The two displays: ScreenDisplay draws with ncurses, PlainDisplay prints lines.
#include "tui/app/display.h"

#include "tui/term/screen.h"
#include "tui/term/terminal.h"
#include "tui/view/plain.h"
#include "tui/view/renderer.h"

namespace sims::tui {
namespace {

class ScreenDisplay final : public Display {
 public:
  explicit ScreenDisplay(std::unique_ptr<Screen> screen) : screen_(std::move(screen)) {}
  int input_fd() const override { return screen_->input_fd(); }
  bool read_input(std::string& out) override { return screen_->read_input(out); }
  Size size() const override { return screen_->size(); }
  bool draw(const client::Model& model, const UiState& ui, Now now) override {
    const Grid& grid = renderer_.render(model, ui, now);
    return screen_->draw(grid, renderer_.stamps());
  }
  bool draw_input(const client::Model& model, const UiState& ui) override {
    const Grid* grid = renderer_.render_input(model, ui);
    return grid != nullptr && screen_->draw(*grid, renderer_.stamps());
  }
  Size resized() override { return screen_->resized(); }
  void repaint() override { screen_->repaint(); }
  void write(std::string_view bytes) override { screen_->write(bytes); }
  void suspend() override { screen_->suspend(); }
  void resume() override { screen_->resume(); }
  void close() override { screen_->close(); }
  bool unicode() const override { return screen_->unicode(); }
  int colours() const override { return screen_->colours(); }
  bool modern() const override { return screen_->modern(); }

 private:
  std::unique_ptr<Screen> screen_;
  Renderer renderer_;
};

class PlainDisplay final : public Display {
 public:
  explicit PlainDisplay(std::unique_ptr<Terminal> terminal) : terminal_(std::move(terminal)) {}
  int input_fd() const override { return terminal_->input_fd(); }
  bool read_input(std::string& out) override { return read_terminal(terminal_->input_fd(), out); }
  Size size() const override { return terminal_size(); }
  bool draw(const client::Model& model, const UiState& ui, Now) override {
    if (!terminal_takes_output()) return false;
    write_terminal(plain_.update(model, ui, ui.size.width));
    return true;
  }
  bool draw_input(const client::Model&, const UiState&) override { return false; }
  Size resized() override { return terminal_size(); }
  void repaint() override { plain_.repaint(); }
  void write(std::string_view bytes) override {
    if (terminal_takes_output()) write_terminal(bytes);
  }
  void suspend() override {
    terminal_->suspend();
    plain_.repaint();
  }
  void resume() override {
    terminal_->resume();
    plain_.repaint();
  }
  void close() override { terminal_->close(); }
  bool unicode() const override { return true; }
  int colours() const override { return 0; }
  bool modern() const override { return false; }

 private:
  std::unique_ptr<Terminal> terminal_;
  Plain plain_;
};

template <class Shown, class Terminal>
Result<std::unique_ptr<Display>> display_on(Result<std::unique_ptr<Terminal>> terminal) {
  TRY(terminal);
  return std::unique_ptr<Display>(new Shown(std::move(*terminal)));
}

}  // namespace

Result<std::unique_ptr<Display>> Display::open(bool plain) {
  return plain ? display_on<PlainDisplay>(Terminal::open()) : display_on<ScreenDisplay>(Screen::open());
}

}  // namespace sims::tui
