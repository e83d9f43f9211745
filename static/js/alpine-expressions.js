/* Evaluates the admin's Alpine expressions without `eval`, so that the content security policy need not allow it.

   An expression is read once into functions. It knows what unfold's templates use: names, members, calls, literals,
   operators, assignments, `if`, and arrow functions of one expression. Names are those of Alpine's data, and GLOBALS.
   What leads from a value to the code of others, such as `constructor`, is refused. */
"use strict";

(() => {
  const TOKEN = /\s*(?:(\d+(?:\.\d+)?)|("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|([A-Za-z_$][\w$]*)|(=>|===|!==|==|!=|<=|>=|&&|\|\||\?\?|\?\.|[-+!<>=?:;,.()[\]{}]))/y;
  const LITERALS = { true: true, false: false, null: null, undefined: undefined };
  const FORBIDDEN = new Set(["constructor", "__proto__", "prototype", "ownerDocument", "defaultView", "contentWindow"]);
  const STRENGTH = {
    "??": 1, "||": 2, "&&": 3, "==": 4, "!=": 4, "===": 4, "!==": 4, "<": 5, ">": 5, "<=": 5, ">=": 5, "+": 6, "-": 6,
  };
  const OPERATORS = {
    "??": (a, b) => a() ?? b(), "||": (a, b) => a() || b(), "&&": (a, b) => a() && b(),
    "==": (a, b) => a() == b(), "!=": (a, b) => a() != b(), "===": (a, b) => a() === b(), "!==": (a, b) => a() !== b(),
    "<": (a, b) => a() < b(), ">": (a, b) => a() > b(), "<=": (a, b) => a() <= b(), ">=": (a, b) => a() >= b(),
    "+": (a, b) => a() + b(), "-": (a, b) => a() - b(),
  };
  // What unfold's templates call that is no data of theirs. `moveRecords` is a constant of its script.
  const GLOBALS = {
    localStorage: () => ({
      getItem: (name) => localStorage.getItem(name),
      setItem: (name, value) => localStorage.setItem(name, value),
    }),
    window: () => ({ location: { pathname: location.pathname, search: location.search, hash: location.hash } }),
    moveRecords: () => moveRecords,
  };
  for (const name of ["getCurrentTab", "searchCommand", "searchDropdown", "searchForm", "sortRecords", "theme"]) {
    GLOBALS[name] = () => window[name];
  }

  function checked(name) {
    if (FORBIDDEN.has(String(name))) throw new Error(`An expression must not use '${name}'`);
    return name;
  }

  function tokensOf(text) {
    const tokens = [];
    TOKEN.lastIndex = 0;
    while (text.slice(TOKEN.lastIndex).trim()) {
      const start = TOKEN.lastIndex;
      const found = TOKEN.exec(text);
      if (!found) throw new Error(`Not understood: ${text.slice(start)} in: ${text}`);
      const [, number, string, name, sign] = found;
      if (number !== undefined) tokens.push({ value: Number(number) });
      else if (string !== undefined) tokens.push({ value: string.slice(1, -1).replace(/\\(.)/g, "$1") });
      else tokens.push({ name, sign });
    }
    return tokens;
  }

  /* Reads one expression. Each method returns a function of the scope; what can be assigned to has `assign`, too. */
  class Reader {
    constructor(text) {
      this.text = text;
      this.tokens = tokensOf(text);
      this.at = 0;
    }

    is(sign, ahead = 0) {
      const token = this.tokens[this.at + ahead];
      return token !== undefined && token.sign === sign;
    }

    take(sign) {
      return this.is(sign) && Boolean(++this.at);
    }

    expect(sign) {
      if (!this.take(sign)) throw new Error(`'${sign}' was expected in: ${this.text}`);
    }

    name() {
      const token = this.tokens[this.at++];
      if (!token?.name) throw new Error(`A name was expected in: ${this.text}`);
      return token.name;
    }

    isWord(word) {
      return this.tokens[this.at]?.name === word;
    }

    statements(end) {
      const steps = [];
      while (this.at < this.tokens.length && !(end && this.is(end))) if (!this.take(";")) steps.push(this.statement());
      return (scope) => steps.reduce((_, step) => step(scope), undefined);
    }

    statement() {
      if (!this.isWord("if")) return this.expression();
      this.at++;
      this.expect("(");
      const test = this.expression();
      this.expect(")");
      const then = this.block();
      const otherwise = this.isWord("else") && this.at++ ? this.block() : () => undefined;
      return (scope) => (test(scope) ? then(scope) : otherwise(scope));
    }

    block() {
      if (!this.take("{")) return this.statement();
      const body = this.statements("}");
      this.expect("}");
      return body;
    }

    expression() {
      if (this.isArrow()) return this.arrow();
      const left = this.choice();
      if (!this.take("=")) return left;
      if (!left.assign) throw new Error(`Nothing can be assigned to in: ${this.text}`);
      const value = this.expression();
      return (scope) => left.assign(scope, value(scope));
    }

    isArrow() {
      return (this.tokens[this.at]?.name && this.is("=>", 1)) || (this.is("(") && this.is(")", 1) && this.is("=>", 2));
    }

    arrow() {
      const parameter = this.take("(") ? "" : this.name();
      this.take(")");
      this.expect("=>");
      const body = this.expression();
      return (scope) => (value) => body(parameter ? Alpine.mergeProxies([{ [parameter]: value }, scope]) : scope);
    }

    choice() {
      const test = this.binary(1);
      if (!this.take("?")) return test;
      const then = this.expression();
      this.expect(":");
      const otherwise = this.expression();
      return (scope) => (test(scope) ? then(scope) : otherwise(scope));
    }

    binary(least) {
      let left = this.unary();
      while (STRENGTH[this.tokens[this.at]?.sign] >= least) {
        const sign = this.tokens[this.at++].sign;
        const [first, second] = [left, this.binary(STRENGTH[sign] + 1)];
        left = (scope) => OPERATORS[sign](() => first(scope), () => second(scope));
      }
      return left;
    }

    unary() {
      const sign = ["!", "-"].find((one) => this.take(one));
      if (!sign) return this.members(this.primary());
      const value = this.unary();
      return sign === "!" ? (scope) => !value(scope) : (scope) => -value(scope);
    }

    members(value) {
      for (;;) {
        if (this.take("(")) value = this.call(value, this.list(")"));
        else if (this.take("?.")) value = this.member(value, this.constant(this.name()), true);
        else if (this.take(".")) value = this.member(value, this.constant(this.name()));
        else if (this.take("[")) {
          value = this.member(value, this.expression());
          this.expect("]");
        } else return value;
      }
    }

    constant(value) {
      return () => value;
    }

    member(owner, name, mayLack = false) {
      const found = (scope) => {
        const held = owner(scope);
        return mayLack && (held === null || held === undefined) ? undefined : held[checked(name(scope))];
      };
      found.assign = (scope, value) => (owner(scope)[checked(name(scope))] = value);
      found.call = (scope, values) => owner(scope)[checked(name(scope))](...values);
      return found;
    }

    call(called, values) {
      return (scope) => {
        const given = values.map((value) => value(scope));
        return Object.hasOwn(called, "call") ? called.call(scope, given) : called(scope)(...given);
      };
    }

    list(end) {
      const values = [];
      while (!this.take(end)) {
        values.push(this.expression());
        if (!this.is(end)) this.expect(",");
      }
      return values;
    }

    primary() {
      if (this.take("(")) {
        const inner = this.expression();
        this.expect(")");
        return inner;
      }
      if (this.take("[")) {
        const values = this.list("]");
        return (scope) => values.map((value) => value(scope));
      }
      if (this.take("{")) return this.object();
      const token = this.tokens[this.at];
      if (token && "value" in token) return this.constant(this.tokens[this.at++].value);
      return this.variable(this.name());
    }

    object() {
      const entries = [];
      while (!this.take("}")) {
        const token = this.tokens[this.at];
        const key = "value" in token ? this.tokens[this.at++].value : this.name();
        entries.push([checked(key), this.take(":") ? this.expression() : this.variable(key)]);
        if (!this.is("}")) this.expect(",");
      }
      return (scope) => Object.fromEntries(entries.map(([key, value]) => [key, value(scope)]));
    }

    variable(name) {
      checked(name);
      if (Object.hasOwn(LITERALS, name)) return this.constant(LITERALS[name]);
      const found = (scope) => {
        if (name in scope) return scope[name];
        if (Object.hasOwn(GLOBALS, name)) return GLOBALS[name]();
        throw new Error(`Unknown name '${name}' in: ${this.text}`);
      };
      found.assign = (scope, value) => (scope[name] = value);
      found.call = (scope, values) => (name in scope ? scope[name](...values) : found(scope)(...values));
      return found;
    }
  }

  const read = new Map();

  function functionOf(text) {
    if (!read.has(text)) read.set(text, new Reader(text).statements());
    return read.get(text);
  }

  /* Alpine's way to evaluate: hands the value to `receive`; a function is called first, as in `x-on:click="open"`. */
  function evaluator(element, expression) {
    const stack = [{ $el: element }, ...Alpine.closestDataStack(element)];
    return (receive = () => {}, { scope = {}, params = [] } = {}) => {
      const names = Alpine.mergeProxies([scope, ...stack]);
      let value = typeof expression === "function" ? expression.apply(names, params) : functionOf(expression)(names);
      if (typeof value === "function" && typeof expression !== "function") value = value.apply(names, params);
      if (value instanceof Promise) value.then(receive);
      else receive(value);
    };
  }

  document.addEventListener("alpine:init", () => Alpine.setEvaluator(evaluator));
})();
