// The township of the phone's measurements and pictures, as `shouwang place import`
// reads it: an owner with three cameras who is a guardian as well, a neighbour, a
// door whose owner is asked, and the officers that this takes. Names are made up.
const days = (n) => new Date(Date.now() + n * 86_400_000).toISOString()
const consent = (over = '') =>
  `{purpose: public_safety, state: given, basis: consent, modes: [live, playback, export, incident, "analytics:motion"], audiences: [dispatch-centre, cell-7], area_scope: township, slots: daily 0-24, ` +
  `incident: {types: [burglary, fire, sos], radius_m: 400, max_minutes: 60}, limits: {clip_min: 60, lookback_days: 7, looks_per_day: 200}, ` +
  `min_obligations: [mask, blur_people, watermark, notify_owner], retention_days: 7, not_before: ${days(-30)}, not_after: ${days(200)}${over}}`
const camera = (id, name, nameEn, place, owner, rest) =>
  `  - {id: ${id}, name: ${name}, name_en: "${nameEn}", place: ${place}, position: [25.7021, 103.8312], legal_class: resident, mount: own_premises, owner: "${owner}", sign: true, sources: [{kind: main, push: true}]${rest}}\n`

export const town = () => `timezone: Asia/Shanghai
purposes: [public_safety, emergency]
audiences: [dispatch-centre, cell-7]
places:
  - {id: lingjiao, kind: township, parent: "", name: 菱角乡, name_en: Lingjiao township}
  - {id: east-village, kind: community, parent: lingjiao, name: 东村, name_en: East village}
  - {id: grid-3, kind: grid, parent: east-village, name: 第三网格, name_en: Grid 3}
${[12, 14, 16, 18, 20].map((n) => `  - {id: house-${n}, kind: building, parent: grid-3, name: ${n}号院, name_en: House ${n}}\n`).join('')}units:
  - {id: township, name: 菱角乡人民政府, name_en: Township government, kind: department, contact: 0874-1234567}
  - {id: enforcement-team, name: 综合执法队, name_en: Enforcement team, kind: department}
  - {id: cell-7, name: 第七邻里小组, name_en: Neighbour cell 7, kind: cell, guardian: "resident:li", households: [house-12, house-14, house-16, house-18, house-20]}
people:
  - {id: "officer:chen", type: officer, name: 陈静, name_en: Chen Jing, unit: enforcement-team, roles: [dispatcher], audiences: [dispatch-centre], jurisdiction: lingjiao, home_grid: "-", on_duty: true}
  - {id: "officer:hu", type: officer, name: 胡敏, name_en: Hu Min, unit: township, roles: [supervisor], audiences: [dispatch-centre], jurisdiction: lingjiao, home_grid: "-", on_duty: true}
  - {id: "officer:audit", type: officer, name: 监督员, name_en: Oversight, unit: township, roles: [oversight], home_grid: "-", on_duty: true}
  - {id: "resident:li", type: resident, name: 李秀兰, name_en: Li Xiulan, home: house-12}
  - {id: "resident:gao", type: resident, name: 高国强, name_en: Gao Guoqiang, home: house-14}
  - {id: "resident:sun", type: resident, name: 孙玉, name_en: Sun Yu, home: house-16}
  - {id: "admin:ops", type: administrator, name: 运维, name_en: Operations}
cameras:
${camera('door-17', '李家门口', "Li family's door", 'house-12', 'resident:li', `, masks: [[[0.86, 0.0], [1.0, 0.0], [1.0, 0.42], [0.86, 0.42]]], consents: [${consent()}]`)}` +
  camera('yard-17', '李家后院', "Li family's yard", 'house-12', 'resident:li', `, consents: [${consent()}]`) +
  camera('lane-3', '李家巷口', "Li family's lane", 'house-12', 'resident:li', `, consents: [${consent().replace('state: given', 'state: paused').replace(days(200).slice(0, 10), days(20).slice(0, 10))}]`) +
  camera('gate-21', '高家院门', "Gao family's gate", 'house-14', 'resident:gao', `, consents: [${consent()}]`) +
  camera('door-open', '孙家门口', "Sun family's door", 'house-16', '', '') +
  camera('door-asked', '孙家后门', "Sun family's back door", 'house-16', '', '')
