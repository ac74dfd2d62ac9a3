/** File inputs: files are chosen or dropped, and uploaded immediately. */
import { failureText } from "../actions.js";
import { upload } from "../api.js";
import { fill, h } from "../dom.js";
import { icon } from "../icons.js";

const size = (bytes) =>
  bytes < 1000
    ? `${bytes} B`
    : bytes < 1e6
      ? `${(bytes / 1e3).toFixed(1)} kB`
      : `${(bytes / 1e6).toFixed(1)} MB`;

const extension = (name) => name.split(".").at(-1).toLowerCase();

export function fileInput(element) {
  const most = element.max_files ?? 10;
  const types = element.filetypes ?? [];
  let files = [];
  let waiting = 0;
  let refused = null;

  const control = h("input.visually-hidden", {
    type: "file",
    multiple: most > 1,
    accept: types.map((type) => `.${type}`).join(",") || null,
    onchange: () => take([...control.files]),
  });
  const list = h("ul.files", { role: "list" });
  const drop = h(
    "div.dropzone",
    {
      ondragover: (event) => event.preventDefault(),
      ondrop: (event) => {
        event.preventDefault();
        take([...event.dataTransfer.files]);
      },
    },
    control,
    icon("upload"),
    h("span", {}, h("strong", {}, most > 1 ? "Choose files" : "Choose a file"), " or drop them here"),
    h(
      "span.dropzone__rule",
      {},
      [types.length ? types.join(", ") : "any type", most > 1 ? `up to ${most} files` : "one file"].join(
        " · ",
      ),
    ),
  );
  drop.addEventListener("click", (event) => event.target !== control && control.click());
  const note = h("div.files__note", { role: "status" });
  const node = h("div.file-input", {}, drop, list, note);

  async function take(chosen) {
    control.value = "";
    refused = null;
    for (const file of chosen) await takeOne(file);
  }

  async function takeOne(file) {
    if (types.length && !types.includes(extension(file.name)))
      return refuse(`${file.name} is not one of: ${types.join(", ")}.`);
    if (files.length + waiting >= most)
      return refuse(`Choose at most ${most} ${most === 1 ? "file" : "files"}.`);
    waiting++;
    show();
    const answer = await upload(file);
    waiting--;
    if (answer.ok) files.push(answer.file);
    else refuse(`${file.name} was not uploaded. ${failureText(answer)}`);
    return show();
  }

  function refuse(text) {
    refused = text;
    show();
  }

  function show() {
    fill(
      list,
      files.map((file) =>
        h(
          "li.file",
          {},
          icon("file"),
          h("span.file__name", {}, file.name),
          h("span.file__size", {}, size(file.size ?? 0)),
          h(
            "button.icon-button",
            { type: "button", "aria-label": `Remove ${file.name}`, onclick: () => remove(file) },
            icon("close", 16),
          ),
        ),
      ),
    );
    fill(note, waiting ? "Uploading…" : refused);
    node.setAttribute("aria-busy", String(waiting > 0));
  }

  function remove(file) {
    files = files.filter((each) => each !== file);
    refused = null;
    show();
    control.focus();
  }

  return {
    node,
    control,
    value: () => ({ type: element.type, files: [...files] }),
    restore: (state) => {
      files = [...(state.files ?? [])];
      show();
    },
    problem: () => (waiting ? "Wait until the upload is complete." : refused),
  };
}
