import { stripVTControlCharacters } from "node:util";

/** A command as typed, and its output. */
export interface TerminalSession {
  /** The command line. */
  command: string;
  output: string;
}

/** Columns at which long lines go on below, as in a terminal. */
const columns = 118;

/** @returns a page that shows sessions as a terminal does; the element `main` is what to take a picture of. */
export function terminalPage(sessions: readonly TerminalSession[]): string {
  const text = sessions
    .map(({ command, output }) => `<b>$ ${escape(command)}</b>\n${escape(stripVTControlCharacters(output).trimEnd())}`)
    .join("\n");
  return `<!doctype html>
<meta charset="utf-8">
<style>
  body { margin: 0; background: #fff; }
  main { display: inline-block; padding: 16px 20px; background: #1e2430; color: #d8dee9; border-radius: 6px; }
  pre { margin: 0; width: ${columns}ch; font: 13px/1.45 "DejaVu Sans Mono", monospace; white-space: pre-wrap; overflow-wrap: anywhere; }
  b { color: #a3d977; }
</style>
<main><pre>${text}</pre></main>`;
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
