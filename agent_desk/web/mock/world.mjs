/** What the mock engine knows: people, one seat's call, work orders, a room of seats. Scripted, not simulated. */
const iso = (offsetSeconds = 0) => new Date(Date.now() + offsetSeconds * 1000).toISOString();
const HOUR = 3600;
const DAY = 24 * HOUR;

export const counter = { seq: 0, offer: 40 };
export const health = { status: "ok", asterisk: "up", recognition: "on" };
export const people = {
  agent: { account: "agent", name: "王敏", roles: ["agent"], seat: "1001", unit: null },
  dept: { account: "dept", name: "李建国", roles: ["department"], seat: null, unit: "371323" },
  sup: { account: "sup", name: "赵班长", roles: ["supervisor"], seat: null, unit: null },
};

const categories = [
  ["住房城建", "房屋质量,违建,拆迁安置,产权证,保障房,危房改造"],
  ["物业管理", "保洁,房屋维修,电梯,物业费,小区停车,楼道堆物"],
  ["市政公用", "供水,供电,供气,供暖,排水积水,路灯井盖"],
  ["城市管理", "占道经营,乱停乱放,垃圾清运,园林绿化,油烟,公厕"],
].map(([level1, leaves]) => ({ level1, leaves: leaves.split(",") }));
const units = [
  { code: "371323", name: "沂水县政府", level: 2, parent: null },
  { code: "371323-zj", name: "沂水县住建局", level: 3, parent: "371323" },
  { code: "371302", name: "兰山区政府", level: 2, parent: null },
  { code: "linyi-cg", name: "市城市管理局", level: 2, parent: null },
];
const STATES = { dispatched: "待签收", in_progress: "办理中", reply_review: "待审核", to_callback: "待回访", closed: "办结", rework: "重办", closed_direct: "直办办结" };

let sequence = 0;
function ticket(title, category, place, state, lamp, dueIn, extra = {}) {
  sequence += 1;
  return {
    id: `ticket_${sequence}`,
    number: `2611220915${String(sequence).padStart(2, "0")}${String(100000 + sequence).slice(0, 6)}`,
    title, category, place, state, lamp,
    type: "求助", urgency: "一般", state_zh: STATES[state], unit: "371323-zj", unit_name: "沂水县住建局",
    created_at: iso(-2 * DAY - sequence * HOUR), dispatched_at: iso(-2 * DAY - sequence * HOUR + 150),
    due_at: dueIn === null ? null : iso(dueIn), phone_masked: "138****0001",
    last_event: { at: iso(-sequence * 1900), action: "dispatch", action_zh: "派单" },
    ...extra,
  };
}
const someTickets = () => [
  ticket("沂城街道罗家庄村路灯损坏多日", "市政公用/路灯井盖", "沂水县沂城街道罗家庄村", "dispatched", "green", 4.4 * DAY),
  ticket("幸福小区 3 号楼电梯困人，多次报修未处理", "物业管理/电梯", "沂水县城关街道幸福小区", "dispatched", "red", -1.2 * DAY, { urgency: "特急", type: "投诉" }),
  ticket("夜间施工扰民，凌晨两点仍在浇筑", "生态环境/施工噪声", "沂水县长安路与正阳路交叉口东北角工地", "in_progress", "yellow", 5.5 * HOUR, { urgency: "紧急", type: "投诉" }),
  ticket("自来水发黄，水压不足", "市政公用/供水", "沂水县龙家圈街道", "in_progress", "green", 2.6 * DAY),
  ticket("小区外占道经营影响通行", "城市管理/占道经营", "沂水县中心街", "reply_review", "none", null, { type: "举报" }),
  ticket("咨询居民医保异地就医备案", "卫健医保/异地就医", "", "closed_direct", "none", null, { type: "咨询", unit: null, unit_name: null, dispatched_at: null }),
  ticket("建议在学校门口增设减速带", "交通/信号标志", "沂水县实验小学", "to_callback", "none", null, { type: "建议" }),
  ticket("垃圾清运不及时，气味大", "城市管理/垃圾清运", "沂水县许家湖镇", "rework", "yellow", 9 * HOUR, { type: "投诉" }),
  ticket("公交站牌倒伏", "交通/公交", "沂水县滨河西路", "closed", "none", null),
];
let tickets = someTickets();

function whole(summary, person) {
  const canAct = person.roles.includes("department");
  const actions =
    summary.state === "dispatched" && canAct ? [{ action: "sign", zh: "签收", needs: [] }, { action: "return", zh: "退单", needs: ["note"] }]
    : summary.state === "in_progress" && canAct ? [{ action: "reply", zh: "回复", needs: ["contact", "reply"] }, { action: "return", zh: "退单", needs: ["note"] }]
    : summary.state === "reply_review" && person.roles.includes("supervisor") ? [{ action: "approve", zh: "审核通过", needs: [] }, { action: "send_back", zh: "退回补正", needs: ["note"] }]
    : [];
  return {
    ...summary, actions, phone: "13800000001", call_id: "call_a", reply: summary.reply ?? null, contact: summary.contact ?? null,
    description: "市民反映：村口主路共 6 盏路灯不亮，已有一周左右，夜间老人和学生出行不安全。曾向村委会反映，答复称无人维修。要求尽快修复，并答复何时能亮。",
    timeline: [
      { at: iso(-2 * DAY), by: "王敏", role: "agent", action: "accept", action_zh: "受理", from_state: "", to_state: "to_dispatch", note: null },
      { at: iso(-2 * DAY + 150), by: "王敏", role: "dispatcher", action: "dispatch", action_zh: "派单", from_state: "to_dispatch", to_state: "dispatched", note: "按目录：沂水县 + 市政公用/路灯井盖" },
      ...(summary.state === "dispatched" ? [] : [{ at: iso(-1.5 * DAY), by: "李建国", role: "department", action: "sign", action_zh: "签收", from_state: "dispatched", to_state: "in_progress", note: null }]),
    ],
    callbacks: summary.state === "closed" ? [{ task_id: "t1", state: "done", attempt: 1, disposition: "已答复", solved: true, satisfaction: 2, at: iso(-HOUR) }] : [],
    recordings: [recording("call_a")],
  };
}

const recording = (callId) => ({ id: `rec_${callId}`, call_id: callId, seconds: 94, sha256: "9f2c".repeat(16), tracks: ["mix", "citizen", "agent"], created_at: iso(-DAY) });
const said = [
  ["agent", "您好，临沂一二三四五，请讲。"],
  ["citizen", "你好，我们村口的路灯坏了，晚上黑得很，老人孩子都不敢走。"],
  ["agent", "您先别着急，请问具体在哪个位置？"],
  ["citizen", "沂水县沂城街道罗家庄村，就是村口那条主路，有六盏都不亮了。"],
  ["agent", "大概有多长时间了？之前向村委会反映过吗？"],
  ["citizen", "有一个星期了，反映过，村里说没人修。"],
];
const utterances = (callId, count) => said.slice(0, count).map(([who, text], i) => ({ id: `u${i}`, call_id: callId, who, text, started_at: iso(-80 + i * 12), seconds: 5, confidence: i === 3 ? 0.52 : 0.93 }));
const suggestion = (callId) => ({
  call_id: callId, title: "沂城街道罗家庄村路灯损坏", type: "求助", category: "市政公用/路灯井盖", place: "沂水县沂城街道罗家庄村",
  description: "市民反映：村口的路灯坏了，晚上黑得很，有六盏都不亮了，有一个星期了，反映过，村里说没人修。", urgency: "一般", phone: "13800000001", unit: "371323-zj",
  typed: [], because: { title: ["路灯坏了"], category: ["路灯", "不亮"], place: ["沂水县", "沂城街道", "罗家庄村"], type: ["坏了"], unit: ["沂水县"] }, ticket_id: null,
});

const newCall = (id, state, more = {}) => ({
  call_id: id, caller: "13800000001", dialled: "12345", line: "12345 主线", group: "general", state, arrived_at: iso(-95),
  connected_at: state === "waiting" ? null : iso(-82), ended_at: null, end_reason: null, seat: "1001", ...more,
});
const groups = [["general", "综合受理"], ["enterprise", "涉企服务"], ["english", "外语"]];
const seat = (id, name, status, state, extra = {}) => ({ id, name: `座席 ${id}`, account: name ? `a${id}` : null, agent_name: name, status, reason: null, state, since: iso(-Math.floor(Math.random() * 900)), call_id: null, groups: ["general"], ...extra });

const desk = {
  seat: seat("1001", "王敏", "not_ready", "idle", { account: "agent", reason: "小休", rest_until: iso(412) }), offer: null, call: null, transcript: [], draft: null,
  reasons: ["小休", "用餐", "培训", "会议"],
  emergency: [["110", "公安"], ["119", "消防"], ["120", "急救"], ["122", "交警"]].map(([code, label]) => ({ code, label })),
  // A real Asterisk may be lent to the mock, to try the seat's leg.
  sip: { ws_url: process.env.SIP_WS ?? "ws://127.0.0.1:5999/ws", uri: "sip:1001@127.0.0.1", authorization_user: "1001", password: process.env.SIP_PASSWORD ?? "x", extension: "seat" },
  recent: [],
};
const pastCalls = () => [
  newCall("call_a", "ended", { arrived_at: iso(-1500), connected_at: iso(-1490), ended_at: iso(-1300), ticket_id: "ticket_1", ticket_number: "261122091501100001" }),
  newCall("call_b", "ended", { caller: "053921000000", arrived_at: iso(-4200), connected_at: iso(-4180), ended_at: iso(-4100) }),
  newCall("call_c", "ended", { caller: "13900000002", arrived_at: iso(-9000), connected_at: null, ended_at: iso(-8990) }),
];

const NAMES = "王敏 李雪 张伟 刘洋 陈静 杨帆 赵磊 黄丽 周杰 吴倩 徐鹏 孙悦 马超 朱琳 胡斌 郭涛 何欣 高峰 林芳 罗刚".split(" ");
function roomOf(count) {
  const kinds = [["ready", "talking"], ["ready", "talking"], ["ready", "talking"], ["ready", "idle"], ["ready", "wrap_up"], ["not_ready", "idle"], ["offline", "unreachable"], ["ready", "talking"], ["ready", "offered"], ["ready", "unreachable"]];
  return Array.from({ length: count }, (_, i) => {
    const [status, state] = kinds[(i * 7 + (i >> 3)) % kinds.length];
    return seat(String(1001 + i), status === "offline" ? null : NAMES[i % NAMES.length], status, state, { reason: status === "not_ready" ? "小休" : null, groups: [groups[i % 3][0]], rest_until: status === "not_ready" ? iso(i % 2 ? 312 : -95) : null, rest_asked: i === 3 ? "用餐" : null, caller: state === "talking" ? `138****${String(i).padStart(4, "0")}` : "" });
  });
}
let live = emptyLive();
function emptyLive() {
  return { groups: groups.map(([id, name]) => ({ id, name, waiting: 0, longest_wait_seconds: 0, ready: 0, busy: 0, not_ready: 0, answered_15s_rate: null, abandoned: 0 })), waiting: [], seats: [], figures: { arrived: 0, answered: 0, abandoned: 0, within_15s: 0 }, at: iso() };
}
function busyLive(count) {
  return {
    groups: [
      { id: "general", name: "综合受理", waiting: 3, longest_wait_seconds: 41, ready: 0, busy: 38, not_ready: 4, answered_15s_rate: 0.914, abandoned: 6, trend: Array.from({ length: 30 }, (_, i) => Math.round(4 + 4 * Math.sin(i / 3) + (i % 4))) },
      { id: "enterprise", name: "涉企服务", waiting: 0, longest_wait_seconds: 0, ready: 3, busy: 5, not_ready: 1, answered_15s_rate: 0.983, abandoned: 0 },
      { id: "english", name: "外语", waiting: 1, longest_wait_seconds: 4, ready: 2, busy: 1, not_ready: 0, answered_15s_rate: null, abandoned: 0 },
    ],
    waiting: [41, 22, 9, 4].map((age, i) => newCall(`w${i}`, i === 2 ? "offered" : "waiting", { caller: `138****000${i}`, arrived_at: iso(-age), because: ["4 席全忙 / all 4 seats are busy", "退回,排在最前；4 席全忙 / came back, in front; all 4 seats are busy", "正在振铃 1003 / ringing at 1003", "没有具备技能“英语”的座席在岗 / nobody there has the skill 英语"][i], group: i === 3 ? "english" : "general", line: i === 3 ? "English" : "12345 主线" })),
    seats: roomOf(count), figures: { arrived: 3313, answered: 3251, abandoned: 44, within_15s: 2987 }, at: iso(),
    controls: [{ ...control, seat: "1004", call_id: "call_x", stage: "consulting", party: department, hand_raised: true, hand_note: "市民情绪激动，要求领导接听" }, { ...control, seat: "1009", watched: ["listen"] }],
    alarms: [{ name: "等候过久", figure: "longest_wait", group: "general", value: 41, threshold: 30, since: iso(-11), raised: true }, { name: "应答率偏低", figure: "prompt_rate", group: null, value: 0.78, threshold: 0.8, since: iso(-190), raised: true }],
  };
}

export function firstWords(person) {
  const words = [];
  if (person.roles.includes("agent")) words.push(["desk", desk], ["control", control], ["parked", []]);
  if (person.roles.includes("supervisor")) words.push(["live", live]);
  return words;
}

const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
function moveSeat(push, state, more = {}) {
  Object.assign(desk.seat, { state, since: iso() }, more);
  push("seat", desk.seat);
  push("live.seat", desk.seat, "supervisor");
}

/** The script. */
export const steps = {
  fill() { desk.recent = pastCalls(); tickets = someTickets(); live = busyLive(46); },
  crowd(push) { live = busyLive(300); push("live", live, "supervisor"); },
  empty(push) { desk.recent = []; tickets = []; live = emptyLive(); push("live", live, "supervisor"); },
  offer(push) {
    desk.offer = { offer_id: ++counter.offer, call_id: "call_live", caller: "13800000001", line: "12345 主线", waited_seconds: 12, expires_at: iso(20), reason: "空闲最久（3 分 12 秒）", about, history: tickets.slice(0, 2) };
    moveSeat(push, "offered", { status: "ready", reason: null });
    push("offer", desk.offer, "agent");
  },
  phone(push) { moveSeat(push, "idle", { status: "ready", reason: null, kind: "rung", phone_registered: true }); },
  lost(push) { moveSeat(push, "unreachable", { status: "ready", reason: null, kind: "rung", phone_registered: false }); },
  ringing(push) {
    steps.offer(push);
    Object.assign(desk.offer, { ringing: true, accepted: true });
    push("offer", desk.offer, "agent");
  },
  async talk(push) {
    desk.offer = null;
    Object.assign(desk, { call: newCall("call_live", "talking", { connected_at: iso(-1) }), transcript: [], draft: null });
    moveSeat(push, "talking", { call_id: "call_live" });
    push("call", desk.call, "agent");
    for (const [i, line] of utterances("call_live", 6).entries()) {
      push("partial", { call_id: "call_live", who: line.who, text: line.text.slice(0, 8) }, "agent");
      await sleep(150);
      desk.transcript.push(line);
      push("utterance", line, "agent");
      if (i === 3) push("draft", (desk.draft = suggestion("call_live")), "agent");
    }
    push("partial", { call_id: "call_live", who: "agent", text: "好的，我帮您登记，派给住建" }, "agent");
  },
  async wrapup(push) {
    Object.assign(desk.call, { state: "ended", ended_at: iso(), end_reason: "citizen_hung_up" });
    push("call", desk.call, "agent");
    moveSeat(push, "wrap_up");
    await sleep(300);
    push("recording", recording("call_live"), "agent");
  },
  idle(push) { desk.call = desk.draft = null; moveSeat(push, "idle", { call_id: null }); },
};

const silence = () => {
  const samples = 8000 * 4;
  const data = Buffer.alloc(44 + samples * 2);
  data.write("RIFF", 0); data.writeUInt32LE(36 + samples * 2, 4); data.write("WAVEfmt ", 8);
  data.writeUInt32LE(16, 16); data.writeUInt16LE(1, 20); data.writeUInt16LE(1, 22); data.writeUInt32LE(8000, 24);
  data.writeUInt32LE(16000, 28); data.writeUInt16LE(2, 32); data.writeUInt16LE(16, 34); data.write("data", 36); data.writeUInt32LE(samples * 2, 40);
  return data;
};
const articles = [
  { id: "k1", title: "路灯损坏的受理与派单", answer: "城市道路路灯由市城管局路灯管理处维护；乡镇、村内路灯由所在县区政府（住建局）维护。请问清：道路名称、灯杆编号、熄灭数量、持续时间。一般 3 个工作日内修复。", score: 0.91 },
  { id: "k2", title: "村内公共设施维护责任", answer: "村内道路和路灯属村集体资产的，由村委会报镇街维修；纳入县级亮化工程的，由县住建局维修。", score: 0.74 },
  { id: "k3", title: "夜间照明投诉时限", answer: "涉及出行安全的，按紧急件 3 个工作日办理。", score: 0.52 },
];

const control = { seat: "1001", call_id: null, stage: "talking", party: null, held_since: null, muted: false, may: ["hold", "consult", "conference", "transfer"], watched: [], hand_raised: false };
const department = { party_id: "party_1", kind: "phone", target: "6001", name: "市住建局" };
const stages = {
  hold: { stage: "held", may: ["resume", "consult", "transfer"] },
  resume: { stage: "talking", party: null, may: ["hold", "consult", "conference", "transfer"] },
  cancel: { stage: "talking", party: null, may: ["hold", "consult", "conference", "transfer"] },
  swap: { stage: "swapped", may: ["complete", "cancel", "swap", "merge"] },
  merge: { stage: "conference", may: ["leave", "cancel"] },
  consult: { stage: "consulting", party: department, may: ["complete", "cancel", "swap", "merge"] },
  conference: { stage: "conference", party: department, may: ["leave", "cancel"] },
};
const book = {
  units: [{ code: "zhujian", name: "市住建局", kind: "bureau", numbers: ["6001"], on_duty: "白班" }, { code: "119", name: "消防救援", kind: "emergency", numbers: ["119"], on_duty: "" }],
  seats: [{ id: "1002", name: "1002", agent_name: "李强", free: true }, { id: "1003", name: "1003", agent_name: "张华", free: false }],
  groups: [{ id: "general", name: "综合受理" }],
};

const chosen = { code: null, note: "" };
const dispositions = { required: false, items: [["ordered", "已建工单"], ["answered", "直接答复"], ["progress", "查询进度"], ["transferred", "已转接"], ["supplement", "补充诉求"], ["silent", "无声或骚扰"], ["broken", "中途断线"]].map(([code, name]) => ({ code, name, en: code })) };
const day = { begins: iso(-30000), calls: 43, talk_seconds: 7912, wrap_up_seconds: 1430, ready_seconds: 3220, not_ready_seconds: 1980, not_ready_by_reason: { 小休: 900, 用餐: 1080 }, missed: 1, rejected: 0, average_talk: 184, average_wrap_up: 33.2, occupancy: 0.744 };
const scripts = [{ category: "市政公用/路灯井盖", title: "路灯不亮", lines: ["请问是哪条路、哪个路口附近？灯杆上有编号吗？", "是一盏不亮还是一片都不亮？从什么时候开始的？", "我已为您登记，3 个工作日内答复，请保持电话畅通。"] }, { category: "*", title: "结束语", lines: ["请问还有其他需要反映的吗？稍后会有回访电话，请您评价。"] }];
const about = { calls_this_month: 3, last_at: iso(-DAY), last_account: "lixue", gave_up_at: iso(-400), open_orders: 2, listed_until: iso(12 * DAY), listed_because: ["持续辱骂坐席"] };
const owed = [1, 2, 3].map((n) => ({ id: `owed_${n}`, phone: `1380000000${n}`, call_id: "call_1", line: "12345 主线", group: "general", reason: n === 2 ? "requested" : "abandoned", state: "open", since: iso(-600 * n), created_at: iso(-500 * n), done_at: null, by: null, on_the_line: n === 3, stage: ["waiting", "dialling", "hand"][n - 1], attempt: n - 1 }));
const kpiOf = (query) => ({ begins: iso(-86400), ends: iso(0), group: null, arrived: 412, queued: 400, answered: 384, within_15s: 351, abandoned: 16, answer_rate: 0.96, prompt_rate: 0.914, abandon_rate: 0.04, average_wait: 9.2, abandoned_by_second: [], occupancy: 0.71, formulas: { answer_rate: "人工接通率 = 接通 / 进入排队 / answered ÷ queued" } });

export async function handle(method, path, query, body, person, push) {
  const route = `${method} ${path}`;
  if (route === "GET /me") return [200, person];
  if (route === "POST /logout") return [200, null];
  if (route === "GET /desk") return [200, desk];
  if (path === "/desk/control") return [200, control];
  if (path === "/address-book") return [200, book];
  const controlled = (change) => { Object.assign(control, change); push("control", control, "agent"); return [200, control]; };
  if (path === "/desk/hand") return controlled({ hand_raised: body.raised });
  const listing = (n, state, more = {}) => ({ id: `nuisance_${n}`, phone_masked: `138****00${10 + n}`, state, marks: [{ call_id: "call_a", at: iso(-3600 * n), by: "wangmin", reason: "接通后持续辱骂坐席" }, { call_id: "call_b", at: iso(-1800 * n), by: "lixue", reason: "反复拨打无声" }], created_at: iso(-7200 * n), decided_by: state === "proposed" ? null : "banzhang", decided_at: null, note: state === "listed" ? "核听录音属实" : "", until: state === "listed" ? iso(20 * DAY) : null, removed_by: null, removed_at: null, removed_because: "", treated: n * 3, treated_at: null, ...more });
  if (route === "GET /nuisance") {
    const all = [listing(1, "proposed"), listing(2, "proposed"), listing(3, "listed"), listing(4, "declined")].filter((one) => !query.get("state") || one.state === query.get("state"));
    return [200, { items: all, total: all.length, page: 1, size: 20, treatment: "last", days: 30 }];
  }
  if (/\/nuisance\/\w+\/\w+$/.test(path)) return [200, listing(1, "listed")];
  if (/\/nuisance$/.test(path)) return [200, listing(1, "proposed")];
  if (route === "GET /emergency/pushes") return [200, { total: 2, items: [["119", "消防", "sent", "answered", null], ["120", "急救", "given_up", "busy", "the platform answered 503"]].map(([platform, label, state, outcome, failure], n) => ({ id: `push_${n}`, call_id: "call_a", platform, label, target: platform, seat: n ? null : "1001", by: n ? "citizen" : "wangmin", state, attempts: n ? 12 : 1, created_at: iso(-600 * (n + 1)), sent_at: null, failure, outcome })) }];
  const sos = /\/emergency\/(\d+)$/.exec(path);
  if (method === "POST" && sos) {
    const label = desk.emergency.find((one) => one.code === sos[1]).label;
    const news = (stage, sent) => push("emergency", { call_id: desk.call.call_id, platform: sos[1], label, stage, push: sent }, "agent");
    news("calling", "due");
    setTimeout(() => news("", "sent"), 300);
    setTimeout(() => { news(sos[1] === "120" ? "busy" : "answered", ""); desk.draft = { ...(desk.draft ?? suggestion(desk.call.call_id)), tags: [`转接 ${sos[1]} ${label}`] }; push("draft", desk.draft, "agent"); }, 600);
    return controlled(sos[1] === "120" ? stages.resume : { ...stages.conference, party: { ...department, target: sos[1], name: `${sos[1]} ${label}` } });
  }
  const wish = /\/(?:control\/)?(\w+)$/.exec(path)?.[1];
  if (method === "POST" && /^\/desk\/calls\//.test(path) && stages[wish]) return controlled(stages[wish]);
  if (route === "GET /live") return [200, live];
  if (/follow$/.test(path)) return [200, { seat: "1001", call: newCall("call_live", "talking", { connected_at: iso(-60) }), transcript: utterances("call_live", 5) }];
  if (route === "GET /live/calls" || route === "GET /desk/calls") return [200, { items: pastCalls().map((call, i) => ({ ...call, caller: route.includes("live") ? "138****0001" : call.caller, disposition: i % 3 ? "answered" : null, note: i % 3 ? "已解释政策" : "", ticket_id: i % 2 ? "t1" : null, ticket_number: i % 2 ? "261120090000000001" : null })), total: 9, page: 1, size: 30 }];
  if (route === "GET /dispositions") return [200, dispositions];
  if (route === "GET /kpi/dispositions") return [200, { items: dispositions.items.map((one, i) => ({ ...one, calls: [212, 96, 41, 12, 8, 3, 1][i], share: [0.55, 0.25, 0.11, 0.03, 0.02, 0.01, 0.01][i] })), unsaid: 11, total: 384 }];
  if (/disposition$/.test(path)) { if (method === "PUT") Object.assign(chosen, body); return [200, chosen]; }
  if (route === "GET /desk/statistics") return [200, day];
  if (route === "GET /scripts") return [200, { items: scripts }];
  if (route === "POST /desk/echo") return [200, { on: body.on }];
  if (/\/watch\/|message$|status$|takeover$|move$/.test(path)) return [200, desk.seat];
  if (route === "GET /kpi") return [200, kpiOf(query)];
  if (route === "GET /promises") return [200, { items: owed }];
  if (/keep$/.test(path)) { const [kept] = owed.splice(0, 1); return [200, kept]; }
  if (route === "PUT /desk/status") { moveSeat(push, "idle", { status: body.status, reason: body.reason ?? null, rest_until: body.reason === "小休" ? iso(600) : null, rest_asked: null }); return [200, desk.seat]; }
  if (path === "/desk/kind") { moveSeat(push, "idle", { kind: body.kind }); return [200, desk.seat]; }
  if (path === "/desk/rest") { moveSeat(push, desk.seat.state, { rest_asked: body.reason }); return [200, desk.seat]; }
  const rest = /^\/live\/seats\/(\w+)\/(break|rest)$/.exec(path);
  if (rest) {
    const one = live.seats.find((seat) => seat.id === rest[1]);
    Object.assign(one, rest[2] === "break" ? { rest_owed: body.minutes > 0 } : { rest_asked: null, rest_owed: body.granted });
    push("live.seat", one, "supervisor");
    return [200, one];
  }
  if (/accept$/.test(path)) { void steps.talk(push); return [200, desk.call]; }
  if (/reject$/.test(path)) { desk.offer = null; moveSeat(push, "idle"); return [200, desk.seat]; }
  if (/hangup$/.test(path)) { void steps.wrapup(push); return [200, desk.call]; }
  if (route === "POST /desk/wrap-up/end") { steps.idle(push); return [200, desk.seat]; }
  if (method === "PATCH") {
    desk.draft ??= suggestion("call_live");
    Object.assign(desk.draft, body, { typed: [...new Set([...desk.draft.typed, ...Object.keys(body)])] });
    return [200, desk.draft];
  }
  if (/submit$/.test(path)) {
    const made = ticket(body.title, body.category, body.place, body.how === "direct" ? "closed_direct" : "dispatched", body.how === "direct" ? "none" : "green", 5 * DAY, { type: body.type, urgency: body.urgency, created_at: iso(), dispatched_at: iso() });
    tickets.unshift(made);
    desk.draft.ticket_id = made.id;
    push("ticket", made);
    return [200, { ...whole(made, person), description: body.description, reply: body.answer ?? null }];
  }
  if (/^\/citizens/.test(path)) return [200, { items: tickets.slice(0, 5), calls_this_month: 3, about }];
  if (/^\/calls/.test(path)) return [200, { call: pastCalls()[0], transcript: utterances("call_a", 6), recordings: [recording("call_a")], ticket_id: null }];
  if (/audio$/.test(path)) return [200, silence()];
  if (path === "/knowledge") return [200, { items: articles }];
  if (path === "/categories") return [200, { items: categories }];
  if (path === "/units") return [200, { items: units }];
  if (path === "/tickets/deadline") return [200, { due_at: iso({ 特急: 1, 紧急: 3, 一般: 5 }[query.get("urgency")] * DAY) }];
  if (path === "/tickets") {
    const items = tickets.filter((t) => (!query.get("state") || t.state === query.get("state")) && (!query.get("q") || t.title.includes(query.get("q"))));
    return [200, { items, total: items.length, page: 1, size: 50 }];
  }
  const act = /^\/tickets\/(\w+)\/actions\/(\w+)$/.exec(path);
  if (act) {
    const found = tickets.find((t) => t.id === act[1]);
    const to = { sign: "in_progress", reply: "reply_review", approve: "to_callback" }[act[2]] ?? found.state;
    Object.assign(found, { state: to, state_zh: STATES[to] }, body.reply ? { reply: body.reply, contact: body.contact, lamp: "none", due_at: null } : {});
    push("ticket", found);
    return [200, whole(found, person)];
  }
  const one = /^\/tickets\/(\w+)$/.exec(path);
  const asked = one && tickets.find((t) => t.id === one[1]);
  if (asked) return [200, whole(asked, person)];
  return [404, { error: { code: "not_found", zh: "没有找到。", en: "Not found." } }];
}
