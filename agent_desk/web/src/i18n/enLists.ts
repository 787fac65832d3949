import type { zhLists } from "./zhLists";

export const enLists: typeof zhLists = {
  list: {
    red: "Overdue (red)", yellow: "Due soon (yellow)", late: "Was overdue", newest: "Newest first", dueFirst: "Due first",
    area: "Area", channel: "Channel", since: "From", until: "To", remove: "Remove this filter",
    views: "My views", viewName: "Name of the view", saveView: "Save as view", dropView: "Delete this view", saved: "Saved “{name}”",
    export: "Export Excel", picked: "{n} selected", pickAll: "Select this page", movedAll: "{n} moved", mixed: "Different states: select work orders in one state",
    noBulk: "Nothing can be done for many in this state", clear: "Clear", more: "more than {n}", loadMore: "Load more ({n} shown)", replyTexts: "Reply texts", keepText: "Keep this text",
    dropText: "Delete", print: "Print", printed: "Printed {at}", contactFirst: "Contact the citizen before you reply",
  },
  register: {
    open: "Register", title: "Register a letter or visit", channel: "Channel", number: "Their number", pNumber: "Its own number; registered once", files: "Files",
    confidential: "Confidential (units see no name, number, voice or picture)", submit: "Register", made: "Registered as {number}", again: "Registered before as {number}",
    channels: { letter: "Letter", visit: "Visit", email: "E-mail", sms: "SMS", wechat: "WeChat", weibo: "Weibo", app: "App", web: "Website", partner: "Partner" },
  },
  figures: {
    title: "Figures of work orders", rows: "Rows", columns: "Columns", none: "None", tickets: "Work orders", done: "Done", overdue: "Were overdue", total: "Total",
    noUnit: "Not dispatched", unknown: "Not known", empty: "No work orders in this time", rest: "Others", as: { table: "Table", chart: "Chart", map: "Map" },
    mapEmpty: "No work orders yet. Each area will be shaded by how many it has; a click lists them.", openNow: "Open", tile: "{area}: {tickets} work orders, {open} open, {overdue} were overdue",
    axis: { month: "Month", day: "Day", year: "Year", area: "Area", type: "Type", unit: "Unit" },
  },
};
