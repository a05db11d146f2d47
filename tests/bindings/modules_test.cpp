// SPDX-License-Identifier: Apache-2.0
#include "tests/bindings/script_fixture.h"

namespace deskd {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class Modules : public ScriptTest {};

TEST_F(Modules, ImportFilesBesideTheScript) {
  write("lib/a.js", "import b, {twice} from './b.js'; export const a = twice(b);");
  write("lib/b.js", "export default 21; export const twice = (x) => 2 * x;");
  run("import {a} from './lib/a.js'; console.log(a);");
  EXPECT_THAT(logged_, ElementsAre("42"));
}

TEST_F(Modules, AreListedWhereverTheyLie) {
  write("lib/a.js", "import '../link.js'; import 'deskd:script';");
  write("b.js", "");
  std::filesystem::create_symlink(path("b.js"), path("link.js"));
  run("import './lib/a.js';");
  EXPECT_THAT(imported_, ElementsAre(path("b.js"), path("lib/a.js"), path("link.js")));
  write("lib/a.js", "this is no JavaScript");
  run("import './none.js'; import './lib/a.js';");
  EXPECT_THAT(imported_, ElementsAre(path("none.js")));
  run("import './lib/a.js';");
  ASSERT_TRUE(loadError_);
  EXPECT_THAT(imported_, ElementsAre(path("lib/a.js")));
}

TEST_F(Modules, AreOneHoweverTheyAreReached) {
  write("m.js", "export const identity = {};");
  std::filesystem::create_symlink(path("m.js"), path("link.js"));
  run("import * as a from './m.js'; import * as b from './link.js'; const c = await import('./m.js');"
      "console.log(a === b, a === c);");
  EXPECT_THAT(logged_, ElementsAre("true true"));
}

TEST_F(Modules, MayBeJson) {
  write("data.json", "{\"k\": [1, 2]}");
  run("import data from './data.json' with {type: 'json'};"
      "const again = await import('./data.json', {with: {type: 'json'}}); console.log(data.k[1], "
      "again.default === data);");
  EXPECT_THAT(logged_, ElementsAre("2 true"));
}

TEST_F(Modules, JsonThatIsNoneIsNamed) {
  write("data.json", "{\"k\": }");
  run("import data from './data.json' with {type: 'json'};");
  ASSERT_TRUE(loadError_);
  EXPECT_THAT(loadError_->message, HasSubstr("data.json"));
}

TEST_F(Modules, WithoutTheJsonAttributeSayWhatIsMissing) {
  write("data.json", "1");
  run("import data from './data.json';");
  ASSERT_TRUE(loadError_);
  EXPECT_THAT(loadError_->message, HasSubstr("with { type: \"json\" }"));
}

TEST_F(Modules, OutsideTheScriptsDirectoryAreRefused) {
  run("import '/etc/hostname.js';");
  ASSERT_TRUE(loadError_);
  EXPECT_THAT(loadError_->message, HasSubstr("is not below"));
  run("import '../../etc/passwd';");
  ASSERT_TRUE(loadError_);
  EXPECT_THAT(loadError_->message, HasSubstr("is not below"));
  // Nor through a link that lies inside.
  std::filesystem::create_symlink("/etc/hostname", path("inside.js"));
  run("import './inside.js';");
  ASSERT_TRUE(loadError_);
  EXPECT_THAT(loadError_->message, HasSubstr("is not below"));
}

TEST_F(Modules, OfTheShippedLibraryAreAllowed) {
  write("../library.js", "");
  std::filesystem::remove(path("../library.js"));
  const std::string library = directory_ + "-library";
  std::filesystem::create_directories(library);
  std::ofstream(library + "/x.js") << "export default 'shipped';";
  services_.script.libraryPath = library;
  run("import x from '" + library + "/x.js'; console.log(x);");
  EXPECT_THAT(logged_, ElementsAre("shipped"));
  std::filesystem::remove_all(library);
}

TEST_F(Modules, ThatAreMissingNameFileLineAndColumn) {
  write("a.js", "\n\n  import './missing.js';");
  run("import './a.js';");
  ASSERT_TRUE(loadError_);
  EXPECT_THAT(loadError_->message, HasSubstr("./missing.js"));
  EXPECT_EQ(loadError_->file, path("a.js"));
  EXPECT_EQ(loadError_->line, 3);
  EXPECT_EQ(loadError_->column, 10);
}

TEST_F(Modules, NativeOnesAreForBuiltInsOnly) {
  run("import 'native:serial';");
  ASSERT_TRUE(loadError_);
  EXPECT_THAT(loadError_->message, HasSubstr("no built-in module"));
  run("import 'internal:inspect';");
  EXPECT_TRUE(loadError_);
  // Nor may a name that begins like one pass for it.
  run("import 'deskd:serialx';");
  EXPECT_TRUE(loadError_);
}

TEST_F(Modules, KnowTheirUrl) {
  std::filesystem::create_directories(path("mit leer"));
  write("mit leer/u.js", "export default import.meta.url;");
  run("import u from './mit leer/u.js'; console.log(u, import.meta.url.endsWith('/test.js'));");
  EXPECT_THAT(logged_, ElementsAre("file://" + path("mit%20leer/u.js") + " true"));
}

TEST_F(Modules, SyntaxErrorsNameTheFileThatHasThem) {
  write("bad.js", "export const x = 1;\nconst = ;");
  run("import './bad.js';");
  ASSERT_TRUE(loadError_);
  EXPECT_THAT(loadError_->message, HasSubstr("SyntaxError"));
  EXPECT_EQ(loadError_->kind, "syntax");
  EXPECT_EQ(loadError_->file, path("bad.js"));
  EXPECT_EQ(loadError_->line, 2);
  EXPECT_EQ(loadError_->column, 7);
}

TEST_F(Modules, DynamicImportsThatFailReject) {
  run("for (const s of ['./no.js', 'deskd:no', 'bare']) await import(s).catch((e) => console.log(e.code));");
  EXPECT_THAT(logged_, ElementsAre("ERR_MODULE_NOT_FOUND", "ERR_MODULE_NOT_FOUND", "ERR_MODULE_NOT_FOUND"));
  EXPECT_FALSE(failure_);
}

TEST_F(Modules, TopLevelAwaitHoldsBackRunning) {
  run("await new Promise((done) => setTimeout(done, 5)); console.log('after');");
  EXPECT_TRUE(running_);
  EXPECT_THAT(logged_, ElementsAre("after"));
}

}  // namespace
}  // namespace deskd
