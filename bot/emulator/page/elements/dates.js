/** Inputs for a date, a time, and both together in the person's time zone. */
import { h } from "../dom.js";
import { epochToLocal, localToEpoch, zoneName } from "../time.js";

const SETTLED_MS = 700;

/**
 * Native pickers change while a date is being typed. The change is sent when the value has settled, or immediately when
 * the person leaves the field.
 */
function whenSettled(controls, report) {
  let timer = null;
  const send = () => {
    if (timer === null) return;
    clearTimeout(timer);
    timer = null;
    report();
  };
  for (const control of controls) {
    control.addEventListener("change", () => {
      clearTimeout(timer);
      timer = setTimeout(send, SETTLED_MS);
    });
    control.addEventListener("blur", send);
  }
}

function single(element, env, type, stateKey, initial) {
  const control = h("input.field.field--date", { type });
  control.value = initial ?? "";
  const value = () => ({ type: element.type, [stateKey]: control.value || null });
  if (env.dispatch) whenSettled([control], () => env.fire(value()));
  return {
    node: control,
    control,
    value,
    restore: (state) => (control.value = state[stateKey] ?? ""),
    problem: () => (control.validity.badInput ? `Enter a complete ${type}.` : null),
  };
}

export const datepicker = (element, env) =>
  single(element, env, "date", "selected_date", element.initial_date);

export const timepicker = (element, env) =>
  single(element, env, "time", "selected_time", element.initial_time);

export function datetimepicker(element, env) {
  const date = h("input.field.field--date", { type: "date" });
  const time = h("input.field.field--date", { type: "time", "aria-label": `${env.name || "When"}: time` });
  const zone = h("span.field-zone");
  const node = h(
    "div.datetime",
    { role: "group", "aria-label": `${env.name || "When"}: date and time` },
    date,
    time,
    zone,
  );

  const epoch = () => (date.value && time.value ? localToEpoch(date.value, time.value) : null);
  const value = () => ({ type: element.type, selected_date_time: epoch() });
  const showZone = () => (zone.textContent = zoneName(epoch() ?? undefined));
  const restore = ({ selected_date_time: seconds }) => {
    const local = seconds ? epochToLocal(seconds) : { date: "", time: "" };
    date.value = local.date;
    time.value = local.time;
    showZone();
  };
  restore({ selected_date_time: element.initial_date_time });
  for (const control of [date, time]) control.addEventListener("change", showZone);
  if (env.dispatch) whenSettled([date, time], () => epoch() && env.fire(value()));

  function problem() {
    if (date.validity.badInput) return "Enter a complete date.";
    if (time.validity.badInput) return "Enter a complete time.";
    if (Boolean(date.value) === Boolean(time.value)) return null;
    return date.value ? "Enter a time as well." : "Enter a date as well.";
  }
  return { node, control: date, value, restore, problem };
}
