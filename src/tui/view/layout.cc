// Divides the screen into rectangles, and leaves parts out when it is small.
#include "tui/view/layout.h"

#include <algorithm>

namespace sims::tui {
namespace {

int list_width(int width) {
  if (width < list_from_width) return 0;
  return std::clamp(width / 5, 14, 26);
}

}  // namespace

// Without room for all of them, the title goes first, then the chat, then the status line. The input line
// stays, and a question keeps all of its rows.
Layout lay_out(Size size, int input_rows, Columns columns, bool question) {
  Layout out;
  const int width = std::max(size.width, 0);
  const int height = std::max(size.height, 0);
  if (width == 0 || height == 0) return out;
  const int input = std::clamp(input_rows, 1, question ? height : std::max(1, height / 3));
  const bool bare = columns == Columns::bare;
  const int status = height - input >= 1 && !bare ? 1 : 0;
  const int title = height - input >= 3 && !bare ? 1 : 0;
  const int body = std::max(0, height - input - status - title);
  const int list = height >= 4 && columns == Columns::list ? list_width(width) : 0;
  if (title) out.title = {0, 0, width, 1};
  if (list) {
    out.list = {0, title, list, body};
    out.separator = {list, title, 1, body};
  }
  const int chat_x = list ? list + 1 : 0;
  out.chat = {chat_x, title, width - chat_x, body};
  if (status) out.status = {0, title + body, width, 1};
  out.input = {0, height - input, width, input};
  return out;
}

}  // namespace sims::tui
