import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { projectFolder } from "../../commands/session/stackFiles";

/** Stands for what only a run knows. */
export const hole = "\u0000";

/** A cause as the sources have it. */
export interface CauseText {
  /** File and line. */
  where: string;
  /** The cause, with {@link hole} for names and numbers. */
  text: string;
}

/** Functions that say what is wrong with a workload; causes end with what they return. */
const troubles = ["troubleOf", "workloadTrouble", "troubleOfWorkload"];

/** Folder and files that name causes, and those that only pass on what others name. */
const sources = {
  folder: "commands/verify",
  passOn: /(spec|report|bench)\.ts$/,
  stack: "commands/session/stackOutputs.ts",
};

/** @returns every cause that `npm run verify` can name, by its sources. */
export function causeTexts(): CauseText[] {
  const files = readdirSync(join(projectFolder, sources.folder), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts") && !sources.passOn.test(file))
    .map((file) => `${sources.folder}/${file}`);
  return [...files.sort(), sources.stack].flatMap((file) =>
    causesIn(file, readFileSync(join(projectFolder, file), "utf8"), file === sources.stack),
  );
}

/**
 * @param errors Whether what is thrown is a cause as well.
 * @returns the causes in one source: second arguments of `fail`, properties called `cause`, what functions of trouble
 * return.
 */
export function causesIn(file: string, source: string, errors = false): CauseText[] {
  const tree = ts.createSourceFile(file, source, ts.ScriptTarget.Latest, true);
  const found: CauseText[] = [];
  const note = (node: ts.Expression | undefined) => {
    if (node === undefined) {
      return;
    }
    const where = `${file}:${tree.getLineAndCharacterOfPosition(node.getStart()).line + 1}`;
    for (const text of new Set(textsOf(node))) {
      if (/[a-z]/i.test(text)) {
        found.push({ where, text });
      }
    }
  };
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && ts.isIdentifier(node.expression) && node.expression.text === "fail") {
      note(node.arguments[1]);
    } else if (ts.isPropertyAssignment(node) && ts.isIdentifier(node.name) && node.name.text === "cause") {
      note(node.initializer);
    } else if (ts.isFunctionDeclaration(node) && troubles.includes(node.name?.text ?? "")) {
      returned(node.body).forEach(note);
    } else if (errors && ts.isThrowStatement(node) && ts.isNewExpression(node.expression)) {
      note(node.expression.arguments?.[0]);
    }
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return found;
}

/** @returns the texts that an expression can be, as far as its own file shows. */
function textsOf(node: ts.Expression, depth = 0): string[] {
  if (depth > 6) {
    return [hole];
  }
  const next = (one: ts.Expression) => textsOf(one, depth + 1);
  if (ts.isParenthesizedExpression(node) || ts.isAsExpression(node)) {
    return next(node.expression);
  }
  if (ts.isStringLiteralLike(node)) {
    return [node.text];
  }
  if (ts.isConditionalExpression(node)) {
    const both = [...next(node.whenTrue), ...next(node.whenFalse)];
    // What may be missing altogether is one more thing that only a run knows.
    return both.includes("") ? [hole] : both;
  }
  if (ts.isTemplateExpression(node)) {
    return node.templateSpans.reduce(
      (texts, { expression, literal }) =>
        texts.flatMap((before) => next(expression).map((text) => before + text + literal.text)),
      [node.head.text],
    );
  }
  if (ts.isIdentifier(node)) {
    const initializer = constant(node);
    return initializer ? next(initializer) : [hole];
  }
  if (ts.isCallExpression(node) && ts.isIdentifier(node.expression)) {
    const texts = returned(localFunction(node.expression)).flatMap(next);
    return texts.length > 0 ? texts : [hole];
  }
  return [hole];
}

/** @returns what a constant is set to, found from its use outwards. */
function constant(use: ts.Identifier): ts.Expression | undefined {
  for (let scope: ts.Node = use.parent; ; scope = scope.parent) {
    if (ts.isBlock(scope) || ts.isSourceFile(scope)) {
      const declared = scope.statements
        .filter(ts.isVariableStatement)
        .flatMap(({ declarationList }) => [...declarationList.declarations])
        .find(({ name }) => ts.isIdentifier(name) && name.text === use.text);
      if (declared) {
        return declared.initializer;
      }
    }
    if (ts.isSourceFile(scope)) {
      return undefined;
    }
  }
}

function localFunction(name: ts.Identifier): ts.Block | undefined {
  return name
    .getSourceFile()
    .statements.filter(ts.isFunctionDeclaration)
    .find((one) => one.name?.text === name.text)?.body;
}

/** @returns what a function's body returns. */
function returned(body: ts.Node | undefined): ts.Expression[] {
  const found: ts.Expression[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isReturnStatement(node) && node.expression) {
      found.push(node.expression);
    }
    if (!ts.isFunctionLike(node)) {
      ts.forEachChild(node, visit);
    }
  };
  if (body) {
    ts.forEachChild(body, visit);
  }
  return found;
}
