/** Lists of work orders and figures made of them. */
export const zhLists = {
  list: {
    red: "已超期（红牌）", yellow: "将到期（黄牌）", late: "曾经超期", newest: "最新在前", dueFirst: "快到期在前",
    area: "区县", channel: "来源", since: "自", until: "至", remove: "去掉这个条件",
    views: "我的视图", viewName: "视图名称", saveView: "保存为视图", dropView: "删除此视图", saved: "已保存“{name}”",
    export: "导出 Excel", picked: "已选 {n} 件", pickAll: "选择本页", movedAll: "已办理 {n} 件", mixed: "所选工单状态不同，请选同一状态的",
    noBulk: "这一状态没有可批量办理的事项", clear: "取消选择", more: "共 {n} 件以上", loadMore: "继续加载（已显示 {n} 件）", replyTexts: "常用答复", keepText: "存为常用答复",
    dropText: "删除", print: "打印", printed: "打印于 {at}", contactFirst: "先联系诉求人，再填写答复",
  },
  register: {
    open: "登记", title: "登记来信来访", channel: "来源", number: "对方编号", pNumber: "来件自带的编号；同一编号只登记一次", files: "附件",
    confidential: "为诉求人保密（承办单位看不到姓名、号码、录音、图片）", submit: "登记", made: "已登记，编号 {number}", again: "此件此前已登记，编号 {number}",
    channels: { letter: "信函", visit: "来访", email: "电子邮箱", sms: "短信", wechat: "微信", weibo: "微博", app: "App", web: "网站", partner: "联动单位" },
  },
  figures: {
    title: "工单统计", rows: "行", columns: "列", none: "不分列", tickets: "工单数", done: "已办结", overdue: "曾超期", total: "合计",
    noUnit: "未派单", unknown: "未注明", empty: "这段时间没有工单", rest: "其余", as: { table: "表", chart: "图", map: "地图" },
    mapEmpty: "还没有工单。来了以后,每个区县按数量着色,点开即见清单。", openNow: "未办结", tile: "{area}:{tickets} 件,未办结 {open},曾超期 {overdue}",
    axis: { month: "月", day: "日", year: "年", area: "区县", type: "类型", unit: "承办单位" },
  },
};
