// What Node makes of JSON texts, recorded for tests that must also run where there is no Node.
//
//   node make_vectors.mjs [folder]   writes ecmascript.json and signatures.json (default: beside this script)
//   node make_vectors.mjs --serve    answers each line of base64 with a line of base64, or "null"
//
// Deterministic: the random documents come from a seeded generator.

import { createHmac } from "node:crypto";
import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

// As Express' body-parser: bytes to text as UTF-8, one byte order mark dropped, then JSON.parse.
function restringify(wire) {
  const text = wire.toString("utf8").replace(/^\uFEFF/, "");
  try {
    return Buffer.from(JSON.stringify(JSON.parse(text)), "utf8");
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

function bytes(text) {
  return Buffer.isBuffer(text) ? text : Buffer.from(text, "utf8");
}

// ---- the points at which ECMAScript and Python differ, or might -------------------------------------------

const NUMBERS = [
  "0", "-0", "0.0", "-0.0", "-0e5", "0e-400", "1", "-1", "1.0", "-1.0", "10.50", "1e0", "1E2", "1e+2", "1.5e3", "100e-2",
  "1e15", "1e16", "1e17", "1e20", "1e21", "1e22", "1e23", "-1e20", "-1e21", "1.5e300", "123456789012345680000",
  "999999999999999900000", "999999999999999999999", "1000000000000000000000",
  "1e-1", "1e-3", "1e-4", "1e-5", "1e-6", "1e-7", "1e-8", "1e-9", "1e-10", "1e-11", "1e-100",
  "-1e-4", "-1e-5", "-1e-6", "-1e-7", "-1e-9", "-1e-10", "1.5e-4", "1.5e-5", "1.5e-6", "1.5e-7", "1.5e-9", "1.5e-10",
  "0.00001", "0.000001", "0.0000001", "0.00000123456789", "0.000099999999999999999", "0.00009999999999999999",
  "1e308", "1e309", "-1e309", "1e400", "-1e400", "1e-400", "-1e-400", "5e-324", "4e-324", "2e-324", "2.2250738585072014e-308",
  "1.7976931348623157e308", "1.7976931348623159e308", "1.7976931348623158079e308",
  "9007199254740991", "9007199254740992", "9007199254740993", "-9007199254740993", "9007199254740994", "9007199254740995",
  "999999999999999", "1000000000000001", "9999999999999999", "99999999999999999", "10000000000000001", "12345678901234567",
  "123456789012345678", "-123456789012345678", "12345678901234567890", "-12345678901234567890", "18446744073709551615",
  "9223372036854775807", "-9223372036854775808", "1234567890123456789012", "0.1", "0.30000000000000004", "1.7", "4.35", "100.1",
  "123456.789e3", "123456789.123456789", "9999999999999998.5", "1.0000000000000002", "0.99999999999999999", "1e00000000000000000003",
];
for (let power = 53; power < 72; power++) NUMBERS.push(String(2n ** BigInt(power)), String(2n ** BigInt(power) - 1n));

const REFUSED = [
  "", " ", "\t\n\r ", "NaN", "Infinity", "-Infinity", "-NaN", "nan", "undefined", "None", "True", "TRUE", "nul", "nulll",
  "[NaN]", "[Infinity]", '{"a":-Infinity}', "// c\n1", "/* c */1", "[1] // c", "#", "[1,]", "[,1]", "[,]", "[1,,2]", '{"a":1,}',
  "{,}", '{"a"}', '{"a":}', '{"a" 1}', '{a:1}', "{'a':1}", "{1:1}", "['a']", "[1 2]", "[1", '{"a":1', "]", "}", "[}", "{]", "[1]]",
  "1 2", "[] []", "01", "-01", "00", "-", "--1", "+1", ".5", "-.5", "1.", "1.e5", "1e", "1e+", "1e5.5", "0x10", "1_000", "1,000", "1n",
  "٣", "[１]", '"', '"a', 'a"', '"\\"', '"a\nb"', '"a\tb"', '"\u0000"', '"\u001f"', '"\r"', '{"a\nb":1}', '"\\x41"', '"\\a"', '"\\\'"',
  '"\\u"', '"\\u12"', '"\\u123g"', '"\\U0041"', '"\\u 041"', '"\\u+041"', '"\\ud83d\\u"', '"\\ud83d\\uzzzz"', '"\\u00４1"', '"a" "b"',
  "\u00a01", "1\u00a0", "\u000b1", "\u000c1", "[1,\u000c2]", "\u20281", "\u2029[]", "\u0085 1", "\u001c1", "1\u0000", "[\ufeff1]",
  "1\ufeff", "\ufeff\ufeff1", "\ufeff",
];

const TEXTS = {
  "scalars": ["true", "false", "null", '"a"', '""', " 1 ", "\t\n\r [ \t\n\r1 , \r2\n]\t ", "{}", "[]", "[[],{}]", '{"":""}', "[ ]", "{ }"],
  "byte order mark": ["\ufeff{}", "\ufeff [1.0]", '"\ufeff"', '{"\ufeffa":1}'],
  "escapes": [
    '"\\"\\\\\\/\\b\\f\\n\\r\\t"', '"/"', '"\\u0022\\u005c\\u002f\\u0008\\u000C\\u000a\\u000D\\u0009"', '"\\u0041\\u00e9\\u4e2d"',
    '"\\u0000\\u0001\\u000b\\u000e\\u001F\\u0020"', '"\\u007f\u007f\\u0080\u0080\\u009f"', '"\u2028\u2029\\u2028\\u2029"', '"<\\/script>&\'"',
    '"\\ufeff\\ufffe\\uffff\\ufdd0"', '"\\\\u0041"', '"\\\\\\u0041"', '"\\\\\\\\\\""', '{"\\n":"\\u000a","\\u0061":1}', '"é中文😀"',
  ],
  "surrogates": [
    '"\\ud83d\\ude00"', '"\\uD83D\\uDE00"', '"\\ud83d"', '"\\ude00"', '"\\uDE00\\uD83D"', '"\\ud83d\\ud83d\\ude00"', '"\\ud83d\\ude00\\ude00"',
    '"\\ud800x\\udfff"', '"\\uD83D😀"', '"😀\\uDE00"', '{"\\uD800":"\\uDFFF"}', '{"\\ud83d\\ude00":1,"😀":2}', '"\\ud83d\\\\ude00"', '"\\udbff\\udfff0.5\\udbff\\udfff"',
    '"\\ud83d\\n\\ude00"', '"\\uDBFF\\uDFFF\\uD800\\uDC00"', '["\\ud83d","\\ude00"]', '"\\ud7ff\\ue000"', '["\\udbff\\udfff",1e-5,"\\udbff",1.5e-7,"\\udfff"]',
  ],
  "key order": [
    '{"b":1,"a":2}', '{"2":1,"1":2}', '{"b":1,"2":1,"a":1,"10":1,"1":1}', '{"1":1,"01":2,"00":3,"0":4}', '{"-1":1,"-0":2,"0":3}', '{"1.0":1,"1e3":2,"7":3}',
    '{"4294967296":1,"4294967295":2,"4294967294":3,"4294967293":4,"0":5}', '{"99999999999":1,"9999999999":2,"999999999":3}', '{"9007199254740991":1,"5":2}',
    '{"2147483648":1,"2147483647":2}', '{" 1":1,"1 ":2,"1":3}', '{"a":0,"\\u0031":1,"0":2}', '{"a":0,"1\\u0030":1,"2":2}', '{"x":1,"١":2,"１":3,"1":4,"²":5}',
    '{"b" : 1, "2"\n:\t{"b":1, "1":2} , "1" :[{"z":0,"9":1,"8":2}]}', '{"3":{"2":{"a":1,"1":0},"1":0},"2":0}', '{"a\\"1":1,"0":2}', '{"+1":1,"1":2,"1_0":3,"10":4}',
    '{"1":"\\"2\\":","0":""}', '["{\\"2\\":1,\\"1\\":2}"]', '{"10":1}', '{"":1,"0":2}',
  ],
  "duplicate keys": [
    '{"a":1,"b":2,"a":3}', '{"a":1,"a":2,"a":1.0}', '{"2":1,"1":2,"2":3}', '{"a":1,"\\u0061":2}', '{"a":{"x":1},"a":{"y":2}}', '{"a":1e-5,"b":0,"a":1e-6}',
    '{"a":1,"1":2,"a":3,"1":4}',
  ],
  "special names": [
    '{"__proto__":1}', '{"__proto__":{"a":1},"b":2}', '{"b":1,"__proto__":null,"__proto__":2}', '{"constructor":1,"toString":2,"valueOf":3}', '{"toJSON":1,"length":2}',
    '{"a":{"toJSON":null}}', '{"hasOwnProperty":{}}', '{"\\u005f_proto__":1}',
  ],
  "numbers inside strings and keys": [
    '{"1.0":"1.0","1e5":"-0","12345678901234567890":"12345678901234567890"}', '["0.00001","1e-07","NaN"]', '{"a1":12345678901234567890,"b":"1 2345678901234567890"}',
  ],
  "brackets inside strings": ['["[[[[","]]]]","{{\\"{{"]', '{"[":"]","}":"{\\\\"}', '["\\\\","[","\\\\\\"["]'],
};

const MALFORMED = [
  [0x22, 0xff, 0x22], [0x22, 0xc0, 0xaf, 0x22], [0x22, 0xed, 0xa0, 0x80, 0x22], [0x22, 0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80, 0x22],
  [0x22, 0xf0, 0x9f, 0x98, 0x22], [0x22, 0xf0, 0x9f, 0x22], [0x22, 0xe2, 0x28, 0xa1, 0x22], [0x22, 0xf4, 0x90, 0x80, 0x80, 0x22],
  [0x22, 0xf8, 0x88, 0x80, 0x80, 0x80, 0x22], [0x22, 0x80, 0xbf, 0x22], [0x22, 0xe0, 0x80, 0x80, 0x22], [0x22, 0xc3, 0x22], [0x22, 0xe4, 0xb8, 0x5c, 0x6e, 0x22],
  [0x22, 0xc3], [0xff], [0xfe, 0xff, 0x31], [0xff, 0xfe, 0x31, 0x00], [0xef, 0xbb, 0x31], [0xef, 0xbb, 0xbf, 0xef, 0xbb, 0xbf, 0x31], [0x31, 0x00], [0x31, 0xff],
  [0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x2c, 0x22, 0xfe, 0x22, 0x3a, 0x32, 0x7d],
].map((codes) => Buffer.from(codes));

// ---- seeded random documents --------------------------------------------------------------------------------

// mulberry32, a public-domain generator by Tommy Ettinger: the same numbers on every machine.
function generator(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

const random = generator(20231123);
const below = (limit) => Math.floor(random() * limit);
const pick = (choices) => choices[below(choices.length)];
const repeat = (count, make) => Array.from({ length: count }, make);
const digits = (count) => repeat(count, () => below(10)).join("");
const space = () => pick(["", "", "", " ", "\n", "\t", "\r\n  "]);

function randomDouble() {
  const view = new DataView(new ArrayBuffer(8));
  view.setUint32(0, below(2 ** 32));
  view.setUint32(4, below(2 ** 32));
  return Number.isFinite(view.getFloat64(0)) ? String(view.getFloat64(0)) : "0";
}

function randomNumber() {
  const integer = pick(["0", String(1 + below(9)) + digits(below(pick([3, 20, 30])))]);
  const fraction = pick(["", "", "." + digits(1 + below(pick([3, 20]))), ".0", ".000000" + digits(3)]);
  const exponent = pick(["", "", "", pick(["e", "E"]) + pick(["", "+", "-"]) + digits(1 + below(3)), "e-" + below(12)]);
  return pick([randomDouble, () => pick(["", "-"]) + integer + fraction + exponent])();
}

function randomEscape() {
  const unit = pick([below(0x20), below(0x80), below(0x10000), 0xd800 + below(0x800), 0xd800 + below(0x400), 0xdc00 + below(0x400)]);
  const hex = unit.toString(16).padStart(4, "0");
  return "\\u" + pick([hex, hex.toUpperCase()]);
}

function randomString() {
  const piece = () => pick([() => pick("abc xyz,:[]{}/019"), () => pick(["é", "中", "😀", "\u2028", "\u007f"]), randomEscape, () => "\\" + pick('"\\/bfnrt')])();
  return '"' + repeat(below(8), piece).join("") + '"';
}

function randomKey() {
  return pick([randomString, () => `"${below(12)}"`, () => `"${pick(["a", "b", "__proto__", "4294967294", "4294967295", "01", "\\u0031", "-1"])}"`])();
}

function randomValue(depth) {
  const kind = below(depth > 0 ? 6 : 3);
  if (kind === 0) return randomNumber();
  if (kind === 1) return randomString();
  if (kind === 2) return pick(["true", "false", "null", randomNumber()]);
  const members = repeat(below(6), () => {
    const value = space() + randomValue(depth - 1) + space();
    return kind === 3 ? value : space() + randomKey() + space() + ":" + value;
  });
  return kind === 3 ? `[${members.join(",")}]` : `{${members.join(",")}}`;
}

function damaged(text) {
  const buffer = Buffer.from(text, "utf8");
  if (buffer.length) buffer[below(buffer.length)] = pick([0x22, 0x2c, 0x5c, 0x30, 0x2e, 0x20, 0x0c, 0xff, below(256)]);
  return buffer;
}

// ---- the vendor's signatures --------------------------------------------------------------------------------

const LEAD = {
  SerialNumber: "59001dd73709417321c58b11693183a2", Type: "Lead", FirstName: "David", LastName: "Garcia", Email: "test@qq.com",
  PhoneNumber: "", CreateTime: "2023-11-23T18:36:21.512302Z", Content: "test", SessionID: 31305, URI: "www.google.com",
};

const compact = JSON.stringify(LEAD);
const lead = (extra) => compact.slice(0, -1) + "," + extra + "}";
const escaped = (text) => text.replace(/[^\x00-\x7f]/g, (unit) => "\\u" + unit.charCodeAt(0).toString(16).padStart(4, "0"));
const foreign = JSON.stringify({ ...LEAD, FirstName: "大卫", LastName: "García", Content: "Olá 😀\nline two" });

const WIRES = {
  "the vendor's example": compact,
  "raw non-ASCII text": foreign,
  "pretty-printed": JSON.stringify(LEAD, null, 2),
  "pretty-printed with tabs and CRLF": JSON.stringify(LEAD, null, "\t").replaceAll("\n", "\r\n"),
  "spaces after separators, as Python writes": JSON.stringify(LEAD, null, 1).replace(/\n\s*/g, " "),
  "a line feed at the end": compact + "\n",
  "a byte order mark": "\ufeff" + compact,
  "non-ASCII text escaped": escaped(foreign),
  "non-ASCII text escaped in upper case": escaped(foreign).replace(/\\u[0-9a-f]{4}/g, (code) => "\\u" + code.slice(2).toUpperCase()),
  "slashes escaped, as PHP writes": compact.replace("www.google.com", "https:\\/\\/www.google.com\\/"),
  "ampersand escaped, as Go writes": lead('"Query":"a=1\\u0026b=\\u003c2\\u003e"'),
  "control characters": lead('"Note":"\\u0000\\u0008\\u000B\\u001F\\u007f"'),
  "a float without a fraction": compact.replace("31305", "31305.0"),
  "an integer beyond 2**53": compact.replace("31305", "12345678901234567890"),
  "an integer beyond every double": compact.replace("31305", "9".repeat(400)),
  "exponents": lead('"Score":1E3,"Tiny":1e-7,"Small":0.00001,"Huge":1e21'),
  "minus zero": compact.replace("31305", "-0"),
  "an infinity": compact.replace("31305", "1e400"),
  "integer-like keys out of order": lead('"10":"ten","9":"nine","01":"no index","4294967295":"none either"'),
  "duplicate keys": lead('"Type":"Order","SessionID":31306'),
  "__proto__ as a key": lead('"__proto__":{"admin":true}'),
  "lone surrogates": lead('"Note":"cut emoji \\uD83D","\\udE00":1'),
  "emoji raw": lead('"Note":"😀👩‍👩‍👧","🔑":"clé","键":"值"'),
  "emoji escaped": lead('"Note":"\\ud83d\\ude00","\\uD83D\\uDD11":1'),
  "line separators": lead('"Note":"\u2028\\u2029"'),
  "malformed UTF-8": Buffer.concat([Buffer.from(compact.slice(0, -1) + ',"Note":"'), Buffer.from([0xff, 0xe4, 0xb8]), Buffer.from('"}')]),
  "an array of leads": `[${compact}, ${compact}]`,
  "an empty object": "{ }",
};

function signature([name, wire], index) {
  const key = ["whsec_8f2b61c0d4e94a5f", "clé-密钥-🔑"][index % 2];
  const t = String(1700764581 + index);
  const signed = restringify(bytes(wire)).toString("utf8");
  const hex = createHmac("sha256", key).update(t + "." + signed, "utf8").digest("hex");
  const base64 = (text) => bytes(text).toString("base64");
  return { name, key, t, header: `t=${t},v1=${hex}`, wire_base64: base64(wire), body_base64_signed: base64(signed) };
}

// ---- out ----------------------------------------------------------------------------------------------------

function documents() {
  const named = (name, texts) => texts.map((text, index) => [`${name} ${index}`, bytes(text)]);
  const numbers = [...NUMBERS, "9".repeat(308), "9".repeat(309), "1".repeat(5000), "-" + "7".repeat(300), "0." + "0".repeat(320) + "123", "1" + "0".repeat(30) + ".0e-30"];
  const randoms = repeat(280, () => randomValue(3));
  return [
    ...named("number", numbers), ["numbers in one array", bytes(`[${numbers.join(", ")}]`)],
    ...named("refused", REFUSED), ...Object.entries(TEXTS).flatMap(([name, texts]) => named(name, texts)), ...named("malformed UTF-8", MALFORMED),
    ["many keys", bytes(`{${repeat(1200, () => `"${below(3000)}":0`).join(",")}}`)],
    ["doubles", bytes(`[${repeat(1500, randomDouble).join(",")}]`)],
    ["small doubles", bytes(`[${repeat(500, () => String(random() * 10 ** -below(12))).join(",")}]`)],
    ["long integers", bytes(`[${repeat(700, () => pick(["", "-"]) + (1 + below(9)) + digits(14 + below(9))).join(",")}]`)],
    ...named("random", randoms), ...named("damaged", repeat(150, () => damaged(randomValue(2)))),
  ];
}

function vector([name, text]) {
  const result = restringify(text);
  return { name, text_base64: text.toString("base64"), result_base64: result && result.toString("base64") };
}

function write(folder) {
  const lines = (entries) => "[\n" + entries.map((entry) => JSON.stringify(entry)).join(",\n") + "\n]\n";
  writeFileSync(join(folder, "ecmascript.json"), lines(documents().map(vector)));
  writeFileSync(join(folder, "signatures.json"), lines(Object.entries(WIRES).map(signature)));
}

function serve() {
  createInterface({ input: process.stdin }).on("line", (line) => {
    const result = restringify(Buffer.from(line, "base64"));
    process.stdout.write((result === null ? "null" : result.toString("base64")) + "\n");
  });
}

if (process.argv[2] === "--serve") serve();
else write(process.argv[2] ?? dirname(fileURLToPath(import.meta.url)));
