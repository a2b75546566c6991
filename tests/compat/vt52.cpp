// vt52.cpp: see vt52.hpp.
#include "compat/vt52.hpp"

#include <algorithm>
#include <cctype>

namespace sonde::compat_test {

namespace {

class Vt52 {
 public:
  Vt52(std::size_t rows, std::size_t columns) : columns_(columns), screen_(rows, std::string(columns, ' ')) {}

  void take(std::string_view output) {
    for (std::size_t at = 0; at < output.size(); ++at) {
      if (output[at] != '\x1b') {
        take_letter(output[at]);
        continue;
      }
      if (++at == output.size()) return;
      if (output[at] != 'Y') {
        take_command(output[at]);
        continue;
      }
      // The row and the column, each as a letter from the blank on.
      if (at + 2 >= output.size()) return;
      const auto place = [&](std::size_t of) { return static_cast<std::size_t>(output[of] - ' '); };
      row_ = std::min(place(at + 1), screen_.size() - 1);
      column_ = std::min(place(at + 2), columns_ - 1);
      at += 2;
    }
  }

  std::vector<std::string> rows() const {
    std::vector<std::string> result = screen_;
    for (std::string& row : result) row.erase(row.find_last_not_of(' ') + 1);
    return result;
  }

 private:
  void take_letter(char letter) {
    switch (letter) {
      case '\r':
        column_ = 0;
        return;
      case '\n':
        line_feed();
        return;
      case '\b':
        if (column_ > 0) --column_;
        return;
      case '\t':
        column_ = std::min((column_ / 8 + 1) * 8, columns_ - 1);
        return;
      default:
        break;
    }
    if (static_cast<unsigned char>(letter) < ' ') return;
    screen_[row_][column_] =
        second_set_ ? static_cast<char>(std::toupper(static_cast<unsigned char>(letter))) : letter;
    column_ = std::min(column_ + 1, columns_ - 1);
  }

  void line_feed() {
    if (row_ + 1 < screen_.size()) {
      ++row_;
      return;
    }
    screen_.erase(screen_.begin());
    screen_.emplace_back(columns_, ' ');
  }

  void take_command(char letter) {
    switch (letter) {
      case 'A':
        if (row_ > 0) --row_;
        break;
      case 'B':
        row_ = std::min(row_ + 1, screen_.size() - 1);
        break;
      case 'C':
        column_ = std::min(column_ + 1, columns_ - 1);
        break;
      case 'D':
        if (column_ > 0) --column_;
        break;
      case 'F':
      case 'G':
        second_set_ = letter == 'F';
        break;
      case 'H':
        row_ = column_ = 0;
        break;
      case 'I':
        reverse_line_feed();
        break;
      case 'J':
        for (std::size_t row = row_ + 1; row < screen_.size(); ++row) screen_[row].assign(columns_, ' ');
        [[fallthrough]];
      case 'K':
        screen_[row_].replace(column_, std::string::npos, columns_ - column_, ' ');
        break;
      default:
        break;  // the keypad's modes
    }
  }

  void reverse_line_feed() {
    if (row_ > 0) {
      --row_;
      return;
    }
    screen_.pop_back();
    screen_.emplace(screen_.begin(), columns_, ' ');
  }

  std::size_t columns_;
  std::vector<std::string> screen_;
  std::size_t row_ = 0, column_ = 0;
  bool second_set_ = false;
};

}  // namespace

std::vector<std::string> vt52_screen(std::string_view output, std::size_t rows, std::size_t columns) {
  Vt52 terminal(rows, columns);
  terminal.take(output);
  return terminal.rows();
}

}  // namespace sonde::compat_test
