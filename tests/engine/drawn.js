// What is wrong with a picture that is drawn in a page: text that is small, crossed, or not where it
// has room; arrows that run through cards, or into each other's heads. One sentence each.
(picture, sans, mono) => {
    document.body.innerHTML = `<div style="width:830px">${picture}</div>`;
    const root = document.querySelector("svg");
    const look = document.createElementNS("http://www.w3.org/2000/svg", "style");
    look.textContent =
        `svg text{font-family:"${sans}"!important} svg text.mono{font-family:"${mono}"!important}`;
    root.append(look);
    const wide = root.viewBox.baseVal.width;
    const scale = 830 / wide;
    const problems = [];
    const said = (one) => `"${one.words}"`;
    const texts = [...root.querySelectorAll("text")].map((node) => {
        const size = Number(node.getAttribute("font-size"));
        const base = Number(node.getAttribute("y"));
        const box = node.getBBox();
        const number = node.closest("[data-number]");
        return {
            words: node.textContent, size, number: number && number.dataset.number,
            left: box.x, right: box.x + box.width, top: base - 0.74 * size, bottom: base + 0.2 * size,
        };
    });
    const inside = (x, y, one, by = 0) =>
        x > one.left + by && x < one.right - by && y > one.top + by && y < one.bottom - by;
    const meet = (one, other) =>
        one.left < other.right - 0.5 && other.left < one.right - 0.5 &&
        one.top < other.bottom - 0.5 && other.top < one.bottom - 0.5;
    const boxes = [...root.querySelectorAll("rect.box, rect.f-stripe")].map((node) => {
        const [left, top, width, height] = ["x", "y", "width", "height"]
            .map((name) => Number(node.getAttribute(name)));
        return { left, top, right: left + width, bottom: top + height };
    });
    const arrows = [...root.querySelectorAll("path.line")]
        .filter((node) => node.parentNode.querySelector(".head"))
        .map((node) => {
            const points = [];
            const length = node.getTotalLength();
            for (let at = 0; at <= length; at += 3) {
                const { x, y } = node.getPointAtLength(at);
                points.push([x, y]);
            }
            const head = node.parentNode.querySelector(".head").getBBox();
            return {
                number: node.parentNode.dataset.arrow, points,
                head: { left: head.x, right: head.x + head.width, top: head.y, bottom: head.y + head.height },
            };
        });
    texts.forEach((one, index) => {
        if (one.size * scale < 11) problems.push(`${said(one)} is ${one.size * scale} px high`);
        if (one.left < 0 || one.right > wide) problems.push(`${said(one)} leaves the picture`);
        for (const other of texts.slice(index + 1))
            if (meet(one, other)) problems.push(`${said(one)} lies on ${said(other)}`);
        for (const box of boxes)
            if (meet(one, box) && !(one.left >= box.left + 1 && one.right <= box.right - 1 &&
                    one.top >= box.top && one.bottom <= box.bottom))
                problems.push(`${said(one)} crosses the border of a card`);
    });
    for (const arrow of arrows) {
        const xs = arrow.points.map(([x]) => x), ys = arrow.points.map(([, y]) => y);
        const around = {
            left: Math.min(...xs) - 1, right: Math.max(...xs) + 1,
            top: Math.min(...ys) - 1, bottom: Math.max(...ys) + 1,
        };
        const crosses = (one, by = 0) =>
            meet(around, one) && arrow.points.some(([x, y]) => inside(x, y, one, by));
        for (const one of texts)
            if (one.number === null || one.number !== arrow.number)
                if (crosses(one)) problems.push(`arrow ${arrow.number} runs through ${said(one)}`);
        for (const box of boxes)
            if (crosses(box, 2.5)) problems.push(`arrow ${arrow.number} runs through a card`);
        for (const other of arrows)
            if (other !== arrow && crosses(other.head))
                problems.push(`arrow ${arrow.number} runs through the head of ${other.number}`);
    }
    return [...new Set(problems)];
}
