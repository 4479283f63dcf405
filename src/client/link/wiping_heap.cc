// A heap that wipes each block before it frees it. Drafts, texts, cut and undone text leave nothing
// behind in memory after /lock, in whichever container they were and however often it grew. It
// replaces operator new and delete in each program that links this library. Memory that C libraries
// allocate is not wiped.
#include <malloc.h>

#include <cstdlib>
#include <new>

#include "base/secret.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SIMS_HEAP_IS_WATCHED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SIMS_HEAP_IS_WATCHED
#endif
#endif

#ifndef SIMS_HEAP_IS_WATCHED  // sanitizers have operators of their own
namespace {

void* take(std::size_t size) noexcept {
  return std::malloc(size > 0 ? size : 1);
}

void* take_or_throw(std::size_t size) {
  for (;;) {
    if (void* memory = take(size)) return memory;
    const std::new_handler handler = std::get_new_handler();
    if (handler == nullptr) throw std::bad_alloc();
    handler();
  }
}

void give_back(void* memory) noexcept {
  if (memory == nullptr) return;
  sims::wipe(memory, ::malloc_usable_size(memory));
  std::free(memory);
}

}  // namespace

void* operator new(std::size_t size) {
  return take_or_throw(size);
}
void* operator new[](std::size_t size) {
  return take_or_throw(size);
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  return take(size);
}
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept {
  return take(size);
}
void operator delete(void* memory) noexcept {
  give_back(memory);
}
void operator delete[](void* memory) noexcept {
  give_back(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  give_back(memory);
}
void operator delete[](void* memory, std::size_t) noexcept {
  give_back(memory);
}
void operator delete(void* memory, const std::nothrow_t&) noexcept {
  give_back(memory);
}
void operator delete[](void* memory, const std::nothrow_t&) noexcept {
  give_back(memory);
}
#endif
