// Reads a calendar as Thunderbird does, from standard input, and writes what it holds as JSON.
"use strict";

const ICAL = require("ical.js");

ICAL.design.strict = true;

const text = require("fs").readFileSync(0, "utf-8");
const calendar = new ICAL.Component(ICAL.parse(text));
const told = (component, name) => {
  const value = component.getFirstPropertyValue(name);
  return value === null ? null : value.toString();
};

function event(component) {
  const read = new ICAL.Event(component, { strictExceptions: true });
  return {
    uid: read.uid,
    summary: read.summary,
    description: read.description,
    start: read.startDate.toString(),
    end: read.endDate.toString(),
    whole_days: read.startDate.isDate && read.endDate.isDate,
    sequence: read.sequence,
    stamp: told(component, "dtstamp"),
    modified: told(component, "last-modified"),
    organizer: told(component, "organizer"),
    organizer_name: component.getFirstProperty("organizer").getParameter("cn"),
    status: told(component, "status"),
    transp: told(component, "transp"),
    url: told(component, "url"),
    categories: component.getFirstProperty("categories").getValues(),
    alarms: component.getAllSubcomponents("valarm").map((alarm) => [
      told(alarm, "action"),
      told(alarm, "trigger"),
      told(alarm, "description"),
    ]),
  };
}

process.stdout.write(
  JSON.stringify({
    calendar: Object.fromEntries(
      calendar.getAllProperties().map((each) => [each.name, String(each.getFirstValue())]),
    ),
    events: calendar.getAllSubcomponents("vevent").map(event),
  }),
);
