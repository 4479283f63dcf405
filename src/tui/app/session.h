// The interface on the event loop: keys, at most one update of the display a turn, signals, notifications.
// The derived class connects it to a server or a demonstration, and implements the Intents of the Ui.
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
  void run();  // until the user leaves or the terminal is gone; then closes the display

  void quit() override;
  void suspend() override;
  void repaint() override { display_.repaint(); }
  std::vector<std::string> files(const std::string& beginning) override;

 protected:
  Session(Display& display, const ConnectFields& fields, std::vector<std::string> suites);
  ~Session() override = default;

  virtual void leave(std::function<void()> done) = 0;  // says goodbye, then calls `done`, perhaps at once
  virtual void keys_handled() {}                       // called after the keys of one read
  virtual void before_draw() {}                        // may still change the model

  // `at_once`: at the end of this turn, as after a key. Otherwise at most every 35 ms, as after network
  // input; keys meanwhile do not wait for that.
  void schedule_draw(bool at_once);
  void model_changed();  // the Ui must look at the model before the next draw
  // Notifies the user of the message, unless he sees it.
  void message_received(const std::string& peer, std::string_view text);
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
  net::Timer brackets_timer_;  // for the terminal's answer about bracketed paste
  net::Readable input_;
  std::vector<std::unique_ptr<net::Signal>> signals_;
  Notifier notifier_;
  const Passthrough passthrough_;
  bool model_changed_ = true;  // since the last draw
  bool draw_scheduled_ = false;
  bool whole_ = true;  // the scheduled draw covers more than the input
  std::int64_t drawn_at_ = 0;
  bool quitting_ = false;
};

}  // namespace sims::tui
