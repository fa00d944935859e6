// How well a picture can be read that is drawn in the page: the height of its smallest text at 830 px,
// its arrows, how often they cross each other, and how many lines of text an arrow runs through.
(() => {
    const root = document.querySelector("svg");
    const shown = root.getBoundingClientRect();
    const scale = Math.min(1, 830 / shown.width);
    const place = (node) => {
        const matrix = node.getScreenCTM();
        return ({ x, y }) => new DOMPoint(x, y).matrixTransform(matrix);
    };
    const arrows = [...root.querySelectorAll("g.edge path, .edgePaths path, [data-arrow] path.line, g.edgePath path")]
        .filter((path) => path.getTotalLength() > 0)
        .map((path) => {
            const put = place(path), length = path.getTotalLength(), points = [];
            const steps = Math.max(8, Math.min(80, Math.round(length / 6)));
            for (let at = 0; at <= steps; at++) points.push(put(path.getPointAtLength(length * at / steps)));
            return points;
        });
    const around = (points) => ({
        left: Math.min(...points.map(({ x }) => x)), right: Math.max(...points.map(({ x }) => x)),
        top: Math.min(...points.map(({ y }) => y)), bottom: Math.max(...points.map(({ y }) => y)),
    });
    const bounds = arrows.map(around);
    const apart = (a, b) => a.right < b.left || b.right < a.left || a.bottom < b.top || b.bottom < a.top;
    const lines = [];
    for (const node of root.querySelectorAll("text")) {
        const rows = node.querySelectorAll("tspan.row, tspan.text-outer-tspan");
        for (const each of rows.length ? rows : [node]) {
            if (!each.textContent.trim()) continue;
            const box = each.getBoundingClientRect();
            const put = place(node), size = parseFloat(getComputedStyle(each).fontSize);
            const px = size * Math.abs(put({ x: 0, y: 1 }).y - put({ x: 0, y: 0 }).y);
            lines.push({ box, px, number: each.closest("[data-number]") });
        }
    }
    for (const node of root.querySelectorAll("foreignObject")) {
        const walker = document.createTreeWalker(node, NodeFilter.SHOW_TEXT);
        const zoom = node.getScreenCTM().a;
        for (let text = walker.nextNode(); text; text = walker.nextNode()) {
            if (!text.textContent.trim()) continue;
            const range = document.createRange();
            range.selectNodeContents(text);
            const px = parseFloat(getComputedStyle(text.parentElement).fontSize) * zoom;
            for (const box of range.getClientRects()) lines.push({ box, px, block: node.getBoundingClientRect() });
        }
    }
    const turn = (a, b, c) => Math.sign((b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x));
    const cross = (a, b, c, d) => turn(a, b, c) * turn(a, b, d) < 0 && turn(c, d, a) * turn(c, d, b) < 0;
    let crossings = 0;
    arrows.forEach((one, index) => arrows.slice(index + 1).forEach((other, after) => {
        const its = bounds[index + 1 + after];
        if (apart(bounds[index], its)) return;
        for (let i = 1; i < one.length; i++) {
            if (apart(around([one[i - 1], one[i]]), its)) continue;
            for (let j = 1; j < other.length; j++)
                if (cross(one[i - 1], one[i], other[j - 1], other[j])) crossings++;
        }
    }));
    // Mermaid puts a label over the middle of its own arrow, which a background hides there.
    const owns = (points, block) => {
        const { x, y } = points[points.length >> 1];
        return block && x > block.left - 8 && x < block.right + 8 && y > block.top - 8 && y < block.bottom + 8;
    };
    const crossed = lines.filter(({ box, number, block }) => !number && arrows.some((points) => !owns(points, block) && points.some(({ x, y }) =>
        x > box.left + 1 && x < box.right - 1 &&
        y > box.top + box.height * 0.2 && y < box.bottom - box.height * 0.2)));
    const sizes = lines.map(({ px }) => px * scale);
    return {
        width: Math.round(shown.width), smallest: Math.min(...sizes), arrows: arrows.length,
        crossings, lines: lines.length, crossed: crossed.length,
    };
})()
