// Gives a fuzz target its seed corpus when it is started without one. libFuzzer adds to the first folder that it is given,
// so what one run finds is there for the next.
#include <filesystem>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  for (int i = 1; i < *argc; ++i)
    if ((*argv)[i][0] != '-') return 0;
  static std::string folder = EST_FUZZ_CORPUS;
  std::error_code none;
  if (!std::filesystem::is_directory(folder, none)) return 0;
  static std::vector<char*> arguments(*argv, *argv + *argc);
  arguments.push_back(folder.data());
  *argc = static_cast<int>(arguments.size());
  arguments.push_back(nullptr);
  *argv = arguments.data();
  return 0;
}
