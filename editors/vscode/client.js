// Starts `sn lsp` and lets VS Code talk to it; without it the colours still work.
"use strict";

const vscode = require("vscode");
const { LanguageClient } = require("vscode-languageclient/node");

let client;

async function start() {
  const command = vscode.workspace.getConfiguration("sn").get("command", "sn");
  client = new LanguageClient(
    "sn",
    "SN Lisp",
    { command, args: ["lsp"] },
    { documentSelector: [{ language: "sn" }] },
  );
  try {
    await client.start();
  } catch (error) {
    vscode.window.showWarningMessage(
      `"${command} lsp" did not start (${error.message}). ` +
        "pip install 'sn[lsp]' brings it; the setting sn.command names another sn.",
    );
  }
}

exports.activate = async (context) => {
  if (vscode.workspace.isTrusted) {
    await start();
  } else {
    context.subscriptions.push(vscode.workspace.onDidGrantWorkspaceTrust(start));
  }
};

exports.deactivate = () => client?.stop();
