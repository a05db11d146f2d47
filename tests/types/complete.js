// SPDX-License-Identifier: Apache-2.0
// node complete.js TYPESCRIPT PROJECT FILE: what an editor would offer at the end of FILE, as JSON.
'use strict';

const fs = require('node:fs');
const path = require('node:path');

const [compiler, project, file] = process.argv.slice(2);
const ts = require(path.resolve(compiler));
const {config} = ts.readConfigFile(project, ts.sys.readFile);
const {options, fileNames} = ts.parseJsonConfigFileContent(config, ts.sys, path.dirname(project), undefined, project);
const text = fs.readFileSync(file, 'utf8').trimEnd();
const service = ts.createLanguageService({
  fileExists: ts.sys.fileExists,
  readFile: ts.sys.readFile,
  readDirectory: ts.sys.readDirectory,
  getCompilationSettings: () => options,
  getCurrentDirectory: () => path.dirname(project),
  getDefaultLibFileName: ts.getDefaultLibFilePath,
  getScriptFileNames: () => fileNames,
  getScriptSnapshot: (name) => {
    if (!fs.existsSync(name)) return undefined;
    return ts.ScriptSnapshot.fromString(name === file ? text : fs.readFileSync(name, 'utf8'));
  },
  getScriptVersion: () => '1',
});
const completions = service.getCompletionsAtPosition(file, text.length, {});
console.log(JSON.stringify(completions === undefined ? [] : completions.entries.map(({name}) => name)));
