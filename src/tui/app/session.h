// The interface on the event loop: keys in, one update of the face a turn, signals. What is behind it, a
// server or a demonstration, is the derived class's, which is the Intents of the Ui.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "net/loop.h"
#include "tui/app/display.h"
#include "tui/app/notifier.h"
#include "tui/term/keys.h"
#include "tui/ui/ui.h"

namespace sims::tui {

class Session : public Intents {
 public:
  void run();  // until the user leaves or the terminal is gone; the face is closed then

  void quit() override;
  void suspend() override;
  void repaint() override { display_.repaint(); }
  std::vector<std::string> files(const std::string& beginning) override;

 protected:
  Session(Display& display, const ConnectFields& fields, std::vector<std::string> suites);
  ~Session() override = default;

  virtual void leave(std::function<void()> done) = 0;  // last words; `done` may be called at once
  virtual void keys_handled() {}                       // after what one read of the terminal brought
  virtual void before_draw() {}                        // the model may change still

  // A key is answered at once; what comes from the network is drawn at most every 35 ms, and what is typed
  // meanwhile does not wait for it.
  void schedule_draw(bool at_once);
  void model_changed();  // to be looked at by the Ui before the next draw
  // A text of somebody's came: told to a user who looks elsewhere.
  void came(const std::string& peer, std::string_view text);
  void forget_notifications();

  net::Loop loop_;
  Display& display_;
  Ui ui_;

 private:
  void on_input();
  void on_key_timeout();
  void feed_keys(std::vector<Key>& keys);
  void draw_at_turn_end();
  void draw();
  void notify();
  void on_signal(int number);
  void on_resize();

  KeyDecoder decoder_;
  net::Timer key_timer_;
  net::Timer draw_timer_;
  net::Timer notify_timer_;
  net::Timer brackets_timer_;  // until the terminal should have said whether it brackets pastes
  net::Readable input_;
  std::vector<std::unique_ptr<net::Signal>> signals_;
  Notifier notifier_;
  const Passthrough passthrough_;
  bool model_changed_ = true;  // since the last draw
  bool draw_scheduled_ = false;
  bool whole_ = true;  // the scheduled draw is of more than the input
  std::int64_t drawn_at_ = 0;
  bool quitting_ = false;
};

}  // namespace sims::tui
