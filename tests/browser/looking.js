// What a person would see, told in numbers and words. `looking.py` calls one of these by name.
({
    // Not only there, but to be seen: not hidden, not clipped away, inside the window's width.
    seen(element) {
        if (!element.checkVisibility({visibilityProperty: true, contentVisibilityAuto: true})) {
            return false;
        }
        for (let each = element; each; each = each.parentElement) {
            const style = getComputedStyle(each);
            if (style.clipPath === "inset(50%)" || style.opacity === "0") {
                return false;
            }
            if (style.position === "absolute" && each.offsetWidth <= 1 && style.overflow !== "visible") {
                return false;
            }
        }
        return true;
    },

    // Every text that is to be seen inside `selector`, each once.
    texts(selector) {
        const found = new Set();
        for (const root of document.querySelectorAll(selector)) {
            const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
            while (walker.nextNode()) {
                const words = walker.currentNode.textContent.replace(/\s+/g, " ").trim();
                const range = document.createRange();
                range.selectNodeContents(walker.currentNode);
                const boxes = [...range.getClientRects()].filter(box => box.width && box.height);
                const inside = boxes.every(box => box.left >= 0 && box.right <= innerWidth + 0.5);
                if (words && boxes.length && inside && this.seen(walker.currentNode.parentElement)) {
                    found.add(words);
                }
            }
        }
        return [...found];
    },

    // Whatever makes the window scroll sideways or stands outside it.
    sticking_out() {
        const wide = document.documentElement.scrollWidth;
        const faults = wide > innerWidth ? [`the page is ${wide} wide in a window of ${innerWidth}`] : [];
        for (const element of document.body.querySelectorAll("*")) {
            const box = element.getBoundingClientRect();
            const out = box.right > innerWidth + 0.5 || box.left < -0.5;
            if (out && box.width > 1 && this.seen(element)) {
                faults.push(`${this.named(element)} from ${box.left} to ${box.right}`);
            }
        }
        return faults;
    },

    // Words of `selector` that are broken over two lines for want of room.
    broken_words(selector) {
        const faults = [];
        for (const root of document.querySelectorAll(selector)) {
            const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
            while (walker.nextNode()) {
                for (const word of walker.currentNode.textContent.matchAll(/[\p{L}\p{N}]+/gu)) {
                    const range = document.createRange();
                    range.setStart(walker.currentNode, word.index);
                    range.setEnd(walker.currentNode, word.index + word[0].length);
                    const lines = new Set([...range.getClientRects()].map(box => box.top));
                    if (lines.size > 1 && this.seen(walker.currentNode.parentElement)) {
                        faults.push(word[0]);
                    }
                }
            }
        }
        return faults;
    },

    // What a screen reader goes by.
    outline() {
        const all = (selector) => [...document.querySelectorAll(selector)];
        return {
            language: document.documentElement.lang,
            title: document.title,
            landmarks: all("body > header, nav[aria-label], main, body > footer").map(each => each.tagName),
            headings: all("h1, h2, h3, h4, h5, h6").map(
                heading => [Number(heading.tagName[1]), heading.textContent.trim()]),
            summaries: all(":is(main, #results) > .govuk-error-summary").length,
        };
    },

    // What the page keeps on this device.
    kept() {
        return [...Object.keys(localStorage), ...Object.keys(sessionStorage)].concat(
            document.cookie ? [document.cookie] : []);
    },

    // How an element looks, as far as focus may change it; a box for ticks is drawn by its label.
    look(element) {
        const told = (style) => {
            const drawn = (line) => style[`${line}Style`] !== "none" && style[`${line}Width`] !== "0px"
                && !/^rgba\(.*, 0\)$/.test(style[`${line}Color`]);
            return [
                drawn("outline") ? style.outline : "",
                drawn("borderTop") ? style.borderTop : "",
                style.boxShadow,
                style.backgroundColor,
            ].join(" ");
        };
        const looks = [told(getComputedStyle(element))];
        for (const label of element.labels ?? []) {
            looks.push(told(getComputedStyle(label, "::before")));
        }
        return looks.join(" | ");
    },

    // What has the focus now, and whether anybody could see that what had it before had it.
    stop() {
        const [now, before] = [document.activeElement, window.stopBefore];
        const box = (now.labels?.[0] ?? now).getBoundingClientRect();
        window.stopBefore = {element: now, look: this.look(now), name: this.named(now)};
        return {
            end: now === document.body,
            name: window.stopBefore.name,
            inside: box.width > 1 && box.height > 1 && box.bottom > 0 && box.top < innerHeight
                && box.right > 0 && box.left < innerWidth,
            unseen: before && this.look(before.element) === before.look ? before.name : "",
        };
    },

    named(element) {
        const words = (element.getAttribute("aria-label") ?? element.textContent).trim();
        return `${element.tagName.toLowerCase()}.${element.className} "${words.slice(0, 40)}"`;
    },
})
