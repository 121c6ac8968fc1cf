// SPDX-License-Identifier: GPL-3.0-or-later

// canopy.h for C++17: types that own what they hold, and exceptions. Nothing but this header is needed besides it.
//
//   canopy::Finder finder("{algorithm: antikt, radius: 0.4, min-pt: 20, constituents: true}");
//   canopy::Events events;
//   events.add(px, py, pz, energy);  // once for each particle
//   events.end_event();
//   canopy::Results results;
//   finder.find(events, results);
//   for (double pt : results.array<double>("jet/pt")) ...

#ifndef CANOPY_HPP
#define CANOPY_HPP

#include "canopy.h"

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace canopy {

// What a call that fails throws.
class Error : public std::runtime_error {
 public:
  // The error of the last call of this thread that failed.
  Error()
      : std::runtime_error(canopy_error_message()),
        status_(canopy_error_status()),
        event_(canopy_error_event()),
        file_(canopy_error_file()),
        field_(canopy_error_field()) {}

  // Whether call, input or work are to blame.
  canopy_status status() const { return status_; }
  // The event to blame, by its place in the call; -1 if it is none.
  std::int64_t event() const { return event_; }
  // The file to blame, in which the event is counted then; empty if it is none.
  const std::string &file() const { return file_; }
  // The field to blame; empty if it is none.
  const std::string &field() const { return field_; }

 private:
  canopy_status status_;
  std::int64_t event_;
  std::string file_, field_;
};

inline void check(canopy_status status) {
  if (status != CANOPY_OK) throw Error();
}

// Makes the plugins of a library known to what is opened from now on.
inline void load_plugins(const std::string &path) { check(canopy_load_plugins(path.c_str())); }

// Events of particles with (px, py, pz, E) in GeV, which are added one by one.
class Events {
 public:
  // Adds a particle to the event that is being filled; with identifiers for all particles or for none.
  void add(double px, double py, double pz, double energy) {
    px_.push_back(px);
    py_.push_back(py);
    pz_.push_back(pz);
    energy_.push_back(energy);
  }
  void add(double px, double py, double pz, double energy, std::int32_t pdgid) {
    add(px, py, pz, energy);
    pdgid_.push_back(pdgid);
  }

  // Ends the event that is being filled.
  void end_event() { offsets_.push_back(static_cast<std::int64_t>(px_.size())); }

  // Forgets all events and keeps the memory.
  void clear() {
    px_.clear();
    py_.clear();
    pz_.clear();
    energy_.clear();
    pdgid_.clear();
    offsets_.assign(1, 0);
  }

  // The number of events that have ended.
  std::size_t size() const { return offsets_.size() - 1; }

  // The events as the functions of canopy.h read them, while they stay as they are.
  canopy_events view() const {
    if (!pdgid_.empty() && pdgid_.size() != px_.size())
      throw std::invalid_argument("give the identifiers of all particles, or of none");
    canopy_events events = canopy_no_events();
    events.event_count = size();
    events.offsets = offsets_.data();
    events.particle_count = px_.size();
    events.components[0] = px_.data();
    events.components[1] = py_.data();
    events.components[2] = pz_.data();
    events.components[3] = energy_.data();
    events.pdgid = pdgid_.empty() ? nullptr : pdgid_.data();
    return events;
  }

 private:
  std::vector<double> px_, py_, pz_, energy_;
  std::vector<std::int32_t> pdgid_;
  std::vector<std::int64_t> offsets_{0};
};

// Numbers of an array of results, valid until the results are filled again.
template <typename Number>
class Array {
 public:
  Array(const Number *data, std::size_t rows, std::size_t width) : data_(data), rows_(rows), width_(width) {}

  const Number *begin() const { return data_; }
  const Number *end() const { return data_ + size(); }
  // The number of numbers.
  std::size_t size() const { return rows_ * width_; }
  std::size_t rows() const { return rows_; }
  // How many numbers a row has.
  std::size_t width() const { return width_; }
  const Number &operator[](std::size_t place) const { return data_[place]; }

 private:
  const Number *data_;
  std::size_t rows_, width_;
};

namespace detail {
template <typename Number>
struct Type;
template <>
struct Type<float> {
  static constexpr canopy_type value = CANOPY_FLOAT32;
};
template <>
struct Type<double> {
  static constexpr canopy_type value = CANOPY_FLOAT64;
};
template <>
struct Type<std::int32_t> {
  static constexpr canopy_type value = CANOPY_INT32;
};
template <>
struct Type<std::int64_t> {
  static constexpr canopy_type value = CANOPY_INT64;
};
template <>
struct Type<std::uint64_t> {
  static constexpr canopy_type value = CANOPY_UINT64;
};
template <>
struct Type<const char *> {
  static constexpr canopy_type value = CANOPY_TEXT;
};

template <typename Object, void (*close)(Object *)>
struct Closer {
  void operator()(Object *object) const { close(object); }
};
template <typename Object, void (*close)(Object *)>
using Owner = std::unique_ptr<Object, Closer<Object, close>>;

template <typename Object>
Object *opened(Object *object) {
  if (!object) throw Error();
  return object;
}

// Files as inputs, while their names stay as they are.
inline std::vector<canopy_input> inputs(const std::vector<std::string> &files) {
  std::vector<canopy_input> inputs;
  for (const auto &file : files) inputs.push_back({file.c_str(), nullptr});
  return inputs;
}
}  // namespace detail

// Arrays by name, in memory that is kept from call to call.
class Results {
 public:
  Results() : results_(detail::opened(canopy_results_create())) {}

  // The names of all arrays.
  std::vector<std::string> names() const {
    std::vector<std::string> names;
    canopy_array array = canopy_no_array();
    for (std::size_t place = 0; canopy_results_array(get(), place, &array); ++place) names.emplace_back(array.name);
    return names;
  }

  // The array of a name; throws if there is none, or its numbers are of another type.
  template <typename Number>
  Array<Number> array(const std::string &name) const {
    canopy_array array = canopy_no_array();
    if (!canopy_results_find(get(), name.c_str(), &array)) throw Error();
    if (array.type != detail::Type<Number>::value) throw std::invalid_argument(name + " has numbers of another type");
    return Array<Number>(static_cast<const Number *>(array.data), array.shape[0], array.rank == 1 ? 1 : array.shape[1]);
  }

  canopy_results *get() const { return results_.get(); }

 private:
  detail::Owner<canopy_results, canopy_results_destroy> results_;
};

// Reads events from files, of one thread at a time.
class Reader {
 public:
  // Files, or patterns such as "tt-*.h5", with settings as canopy_reader_open has them.
  explicit Reader(const std::vector<std::string> &files, const std::string &settings = "")
      : reader_(open(files, settings)) {}

  // Fills the results with the next events, at most `count`; false at the end.
  bool read(std::size_t count, Results &results) const {
    check(canopy_read(reader_.get(), count, results.get()));
    return results.array<std::int64_t>("offset").size() > 1;
  }

 private:
  static canopy_reader *open(const std::vector<std::string> &files, const std::string &settings) {
    const auto inputs = detail::inputs(files);
    return detail::opened(canopy_reader_open(inputs.data(), inputs.size(), settings.c_str()));
  }

  detail::Owner<canopy_reader, canopy_reader_close> reader_;
};

// Writes events to a file, which is there after finish(); without it there is none.
class Writer {
 public:
  // A file whose format is told by its name, or named.
  explicit Writer(const std::string &path, const std::string &format = "")
      : writer_(detail::opened(canopy_writer_open(path.c_str(), format.empty() ? nullptr : format.c_str()))) {}

  void write(const canopy_events &events) const { check(canopy_write(writer_.get(), &events)); }
  void write(const Events &events) const { write(events.view()); }
  void finish() const { check(canopy_writer_finish(writer_.get())); }

 private:
  detail::Owner<canopy_writer, canopy_writer_close> writer_;
};

// Finds jets; any number of threads may use one.
class Finder {
 public:
  explicit Finder(const std::string &settings) : finder_(detail::opened(canopy_finder_open(settings.c_str()))) {}

  void find(const canopy_events &events, Results &results) const {
    check(canopy_find_jets(finder_.get(), &events, results.get()));
  }
  void find(const Events &events, Results &results) const { find(events.view(), results); }

 private:
  detail::Owner<canopy_finder, canopy_finder_close> finder_;
};

// A model; any number of threads may use one.
class Model {
 public:
  explicit Model(const std::string &folder, const std::string &settings = "")
      : model_(detail::opened(canopy_model_open(folder.c_str(), settings.c_str()))) {}

  // The text of the model's model.json.
  std::string description() const { return canopy_model_description(model_.get()); }

  void predict(const canopy_events &events, Results &results) const {
    check(canopy_predict(model_.get(), &events, results.get()));
  }
  void predict(const Events &events, Results &results) const { predict(events.view(), results); }

  // Measures how good the model is on files of events with truth, as canopy_evaluate does.
  void evaluate(const std::vector<std::string> &files, const std::string &settings, Results &results) const {
    const auto inputs = detail::inputs(files);
    check(canopy_evaluate(model_.get(), inputs.data(), inputs.size(), settings.c_str(), nullptr, results.get()));
  }

 private:
  detail::Owner<canopy_model, canopy_model_close> model_;
};

// Trains a network by a configuration in YAML, and writes it into a folder, as canopy_train does.
inline void train(const std::string &configuration, const std::string &folder, const canopy_watch *watch = nullptr) {
  canopy_training training = canopy_no_training();
  training.text = configuration.c_str();
  training.folder = folder.c_str();
  check(canopy_train(&training, watch));
}

}  // namespace canopy

#endif
