// sweep_rows.hpp: rows on their way from the workers to the output, and what a checkpoint may know of them.
//
// The invariant that resuming rests on:
//
//   rows written  ∪  rows of the resumed run  =  all answers, each at least once
//
// A checkpoint has two parts: who has answered (never asked again), and positions (what lies before them is
// never asked again). So an answer may be in it only when its row is with the reader, and a position only when
// every answer to the probes before it has had its time and has its row with the reader, too.
//
//   workers ─take()─▶ fresh ─write()─▶ batches, each with a moment ─output─▶ delivered: settled()
//
// A batch's moment: all that had reached this host's sockets by then is in it or in one before. A batch is
// delivered when the descriptor has taken its rows; of a pipe, when they were read from it as well (FIONREAD).
// Then its answers may be kept, and with --linger passed between a position and the moment, the position.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "report/output.hpp"
#include "sweep/filter.hpp"
#include "sweep/record_writer.hpp"
#include "sweep/sweep.hpp"

namespace sonde::cli {

class SweepRows {
 public:
  // Both outlive it. `filter`: which records have rows; none: each address's first reply.
  SweepRows(const sweep::RecordWriter& writer, std::optional<sweep::Filter> filter, report::Output& output);

  // CSV's header, before everything.
  void write_header() { output_->write(writer_->header()); }

  // --- by the workers, one at a time, while the sweep holds its lock ---
  // True: so many rows wait that there should be no more for now.
  bool take(const sweep::Record& record);

  // --- by the thread that writes ---
  // Hands over what the output takes now; waits for nobody. `state` is the sweep's, just asked for.
  void write(sweep::Sweep& sweep, const sweep::State& state, MonotonicTime now);
  // The same until everything is with the output, however long its reader takes; false: after an error, or when
  // `interrupt` became readable before. Requires: the workers have ended.
  bool write_all(sweep::Sweep& sweep, const sweep::State& state, int interrupt);
  // Whether the reader is so far behind that there should be no more rows for now.
  bool is_behind() const { return output_->is_full(); }

  struct Settled {
    std::vector<std::uint64_t> answered{};  // indices of addresses, since it was last called
    std::uint64_t rows = 0;                 // of this run
    MonotonicTime until{};                  // the moment of the last delivered batch
  };
  Settled settled();
  bool all_delivered() const { return batches_.empty() && !output_->error(); }
  // Of this run: those that were handed to the output, and those of them that were delivered.
  std::uint64_t rows() const { return given_rows_; }
  std::uint64_t settled_rows() const { return settled_.rows; }
  const sweep::RecordWriter& writer() const { return *writer_; }

 private:
  struct Batch {
    std::string text{};
    std::vector<std::uint64_t> answered{};
    std::uint64_t rows = 0;  // of this run, up to its end
    std::uint64_t end = 0;   // in bytes that the output has to take, from the first on
    MonotonicTime moment{};
  };
  // Takes the fresh rows over as a batch; `moment` as above.
  void begin_batch(sweep::Sweep& sweep, MonotonicTime moment);
  void note_delivered();
  std::uint64_t delivered_bytes() const;

  const sweep::RecordWriter* writer_;
  std::optional<sweep::Filter> filter_;
  report::Output* output_;

  // Guarded by the sweep's lock.
  std::string fresh_;
  std::vector<std::uint64_t> fresh_answered_;
  std::uint64_t rows_ = 0;

  // A worker may hand an answer to another one, which takes it a turn later. So a moment counts once all workers have
  // looked around after it was learned.
  struct Learned {
    MonotonicTime moment{}, at{};
  };
  Learned learned_;
  MonotonicTime moment_{};
  std::uint64_t given_rows_ = 0;
  std::deque<Batch> batches_;  // with the output, and not delivered yet; their texts are gone
  Settled settled_;
};

}  // namespace sonde::cli
