"""One page, complete in itself: says what the model takes, lets a person try it, loads nothing else.

Python and not HTML beside it, so that it travels with the code that a function is made of.
"""

from __future__ import annotations

from typing import Final

PAGE: Final = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Ladle</title>
<style>
  :root { color-scheme: light dark; --line: #8884; --accent: #b4561d; }
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2.5rem auto; padding: 0 1rem; }
  h1 { font-size: 1.6rem; margin: 0; } h2 { font-size: 1rem; margin: 2rem 0 .5rem; }
  p.sub { margin: 0; opacity: .7; }
  table { border-collapse: collapse; width: 100%; font-size: .9rem; }
  td, th { text-align: left; padding: .3rem .6rem .3rem 0; border-bottom: 1px solid var(--line); }
  textarea { width: 100%; box-sizing: border-box; min-height: 8rem; padding: .7rem; border: 1px solid var(--line);
    border-radius: 6px; background: transparent; color: inherit; }
  textarea, pre, code { font: .85rem/1.45 ui-monospace, monospace; }
  pre { padding: .7rem; border: 1px solid var(--line); border-radius: 6px; overflow: auto; max-height: 24rem; }
  button { font: inherit; padding: .35rem 1rem; border: 0; border-radius: 6px; background: var(--accent); color: #fff;
    cursor: pointer; } button:focus-visible, textarea:focus-visible { outline: 2px solid var(--accent); }
  .row { display: flex; gap: 1rem; align-items: center; margin: .6rem 0; }
</style>
<h1 id="model">…</h1>
<p class="sub" id="about"></p>
<h2>Inputs</h2>
<table><tbody id="inputs"></tbody></table>
<h2>Outputs</h2>
<table><tbody id="outputs"></tbody></table>
<h2><label for="body">Try it: <code>POST predict</code></label></h2>
<textarea id="body" spellcheck="false"></textarea>
<div class="row"><button id="send">Send</button><span id="took" role="status"></span></div>
<pre id="answer" aria-live="polite">The answer appears here.</pre>
<h2>The same from a shell</h2>
<pre id="shell"></pre>
<h2>Routes</h2>
<table><tbody id="routes"></tbody></table>
<script>
const at = id => document.getElementById(id);
const row = (body, cells) => {
  const tr = body.insertRow();
  for (const text of cells) tr.insertCell().textContent = text;
};
const shape = sizes => "[" + sizes.map(n => n ?? "n").join(", ") + "]";
async function describe() {
  const model = await (await fetch("metadata")).json();
  const api = await (await fetch("openapi.json")).json();
  document.title = at("model").textContent = model.model;
  at("about").textContent = model.type + " \\u00b7 " + (model.release ? "release " + model.release : "not released");
  for (const side of ["inputs", "outputs"])
    for (const tensor of model[side]) row(at(side), [tensor.name, tensor.dtype, shape(tensor.shape)]);
  for (const [path, methods] of Object.entries(api.paths))
    for (const method of Object.keys(methods)) row(at("routes"), [method.toUpperCase(), path]);
  const sample = api.paths["/predict"].post.requestBody.content["application/json"].example;
  at("body").value = JSON.stringify(sample);
  at("shell").textContent = "curl " + new URL("predict", location) +
    " -H 'content-type: application/json' -d '" + JSON.stringify(sample) + "'";
}
async function send() {
  const begun = performance.now();
  const answer = await fetch("predict", {
    method: "POST", headers: {"content-type": "application/json"}, body: at("body").value,
  });
  at("took").textContent = answer.status + " in " + (performance.now() - begun).toFixed(1) + " ms";
  at("answer").textContent = JSON.stringify(await answer.json(), null, 2);
}
at("send").onclick = () => send().catch(error => at("answer").textContent = String(error));
describe();
</script>
</html>
"""
