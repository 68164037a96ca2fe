// The conversation of a run: filters, and questions and replies as text only, never as markup.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const conversation = document.getElementById("conversation");
  const more = document.getElementById("more");
  const PAGE = 40, SHORT = 5, LAST = 3;
  const CHOICES = [["part", "Policy"], ["role", "Role"], ["player", "Player"], ["step", "Step"],
    ["purpose", "Purpose"], ["outcome", "Reply"]];
  const text = (index) => data.texts[index];

  function element(tag, name, content) {
    const made = document.createElement(tag);
    if (name) made.className = name;
    if (content !== undefined) made.textContent = content;
    return made;
  }

  function folded(parent, title, content) {
    const details = element("details");
    details.append(element("summary", "", title), element("pre", "", content));
    parent.append(details);
  }

  function question(entry) {
    const said = element("div", "said question");
    const lines = text(entry.user).split("\n");
    if (lines.length <= SHORT) said.append(element("div", "", lines.join("\n")));
    else {  // what is asked stands at the end, after persona and history
      said.append(element("div", "", "… " + lines.filter((line) => line.trim()).slice(-LAST).join("\n")));
      folded(said, `Whole question (${lines.length} lines)`, lines.join("\n"));
    }
    if (text(entry.system)) folded(said, "Rules that precede the question", text(entry.system));
    return said;
  }

  // A reply in JSON as lines, in the order in which the model wrote them; any other as it is.
  function asLines(reply) {
    if (!reply) return "(no reply)";
    try {
      const entries = Object.entries(JSON.parse(reply));
      const line = ([key, value]) => key === "thought" ? value : `${key}: ${JSON.stringify(value)}`;
      return reply.trimStart().startsWith("{") && entries.length ? entries.map(line).join("\n") : reply;
    } catch {
      return reply;
    }
  }

  function reply(entry) {
    const said = element("div", `said reply ${entry.outcome}`);
    if (entry.reasoning) said.append(element("span", "reasoning", entry.reasoning));
    said.append(document.createTextNode(asLines(entry.reply)));
    const outcome = element("p", "outcome");
    if (entry.outcome === "failed") outcome.append(element("strong", "", "not understood"));
    else outcome.append("understood as ", element("strong", "", entry.value), ` (${entry.outcome})`);
    if (entry.reason) outcome.append(`: ${entry.reason}`);
    said.append(outcome);
    return said;
  }

  function exchange(entry) {
    const block = element("article", "exchange"), who = element("p", "who");
    who.append(element("strong", "", entry.speaker), entry.where ? ` · ${entry.where}` : "");
    block.append(who);
    if (text(entry.persona)) block.append(element("p", "persona", text(entry.persona)));
    block.append(question(entry), reply(entry));
    return block;
  }

  const form = document.querySelector(".filters"), controls = {};
  function labelled(name, title, control) {
    const label = element("label", "", title);
    control.name = name;
    label.append(control);
    form.append(label);
    controls[name] = control;
  }
  for (const [name, title] of CHOICES) {
    const values = [...new Set(data.entries.map((entry) => entry[name]))].filter((value) => value !== "");
    if (values.length < 2) continue;
    if (values.every((value) => typeof value === "number")) values.sort((a, b) => a - b);
    const select = element("select");
    select.append(new Option("all", ""), ...values.map((value) => new Option(value, value)));
    labelled(name, title, select);
  }
  const search = element("input");
  search.type = "search";
  labelled("words", "Words", search);

  const fits = (entry) => CHOICES.every(([name]) => !controls[name]?.value || String(entry[name]) === controls[name].value);
  function mentions(entry, words) {
    const said = [text(entry.user), text(entry.persona), entry.reply, entry.reasoning].join("\n").toLowerCase();
    return said.includes(words);
  }

  let selected = [], shown = 0;
  function show() {
    conversation.append(...selected.slice(shown, shown + PAGE).map(exchange));
    shown = Math.min(shown + PAGE, selected.length);
    more.hidden = shown >= selected.length;
  }
  function select() {
    const words = search.value.trim().toLowerCase();
    selected = data.entries.filter((entry) => fits(entry) && (!words || mentions(entry, words)));
    document.getElementById("count").textContent = `${selected.length} of ${data.entries.length} questions`;
    conversation.replaceChildren();
    shown = 0;
    show();
  }
  form.addEventListener("input", select);
  form.addEventListener("submit", (event) => event.preventDefault());
  more.addEventListener("click", show);
  select();
})();
