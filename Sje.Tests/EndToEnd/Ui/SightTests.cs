using System.Collections.Concurrent;

namespace Sje.Tests.EndToEnd.Ui;

/// <summary>Every page for eyes that need more: at 200 %, and in the system's colours alone (A5).</summary>
[Collection(UiCollection.Name)]
public sealed class SightTests(Ui ui)
{
    // What is drawn of a long log and of a long list beyond what is seen cannot be scrolled to like the rest.
    private const string Reach = """
        () => {
          const found = [];
          const [width, height] = [innerWidth, innerHeight];
          const name = e => `${(e.getAttribute('aria-label') || e.textContent || e.getAttribute('placeholder') || '').trim().slice(0, 40)} <${e.localName} ${e.className}>`;
          for (const e of [document.scrollingElement, document.querySelector('main')])
            if (e.scrollWidth > e.clientWidth + 1) found.push(`${e.localName} scrolls sideways: ${e.scrollWidth} in ${e.clientWidth}`);
          for (const e of document.querySelectorAll('h1, .empty, .empty p')) {
            if (e.scrollWidth > e.clientWidth + 1) found.push(`cut: ${name(e)}`);
          }
          for (const e of document.querySelectorAll('a[href], button, input, select, textarea, [role=tab]')) {
            if (!e.checkVisibility({ visibilityProperty: true }) || e.closest('dialog:not([open]), .log-layer, [data-key], .cm-editor') || e.matches('.skip')) continue;
            e.scrollIntoView({ block: 'center', inline: 'center' });
            const box = e.getClientRects()[0];
            if (!box || box.width <= 1.5) continue;
            if (box.left < -1 || box.right > width + 1 || box.top < -1 || box.bottom > height + 1) {
              found.push(`out of the window: ${name(e)} ${[box.left, box.top, box.right, box.bottom].map(Math.round)}`);
              continue;
            }
            const at = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
            if (!at || !(e.contains(at) || at.contains(e) || [...(e.labels ?? [])].some(label => label.contains(at))))
              found.push(`covered: ${name(e)} by ${at ? `<${at.localName} ${at.getAttribute('class')}>` : 'nothing'}`);
          }
          return found;
        }
        """;

    // Contrasts of 3 to 1 against what is behind, of all that tells something by its colour or its line.
    private const string Seen = """
        () => {
          const found = [];
          const canvas = document.createElement('canvas');
          canvas.width = canvas.height = 1;
          const pen = canvas.getContext('2d', { willReadFrequently: true });
          const parse = text => { pen.clearRect(0, 0, 1, 1); pen.fillStyle = text; pen.fillRect(0, 0, 1, 1); return [...pen.getImageData(0, 0, 1, 1).data]; };
          const light = ([r, g, b]) => [r, g, b].map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
            .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
          const contrast = (a, b) => { const [x, y] = [light(a), light(b)].sort((p, q) => q - p); return (x + 0.05) / (y + 0.05); };
          const behind = e => { for (let at = e; at; at = at.parentElement) { const c = parse(getComputedStyle(at).backgroundColor); if (c[3] > 200) return c; } return parse('Canvas'); };
          const name = e => `${(e.getAttribute('aria-label') || e.textContent || '').trim().slice(0, 40)} <${e.localName} ${e.getAttribute('class')}>`;
          const stands = (what, e, colour, ground = behind(e.parentElement)) => {
            const c = parse(colour);
            if (c[3] < 200 || contrast(c, ground) < 3) found.push(`${what}: ${name(e)} is ${colour} on ${ground}`);
          };
          const shown = selector => [...document.querySelectorAll(selector)].filter(e => e.checkVisibility({ visibilityProperty: true }) && e.getBoundingClientRect().width > 1);
          for (const e of shown('.state-icon, .icon')) stands('icon', e, getComputedStyle(e).color);
          for (const e of shown('.button, .input')) {
            const style = getComputedStyle(e);
            if (parseFloat(style.borderTopWidth) < 1) found.push(`no border: ${name(e)}`);
            stands('border', e, style.borderTopColor);
            stands('text', e, style.color, behind(e));
          }
          for (const e of shown('.xp-bar, .tick-bar, .meter-fill, .job-run-bar')) {
            const style = getComputedStyle(e);
            const image = style.backgroundImage !== 'none';
            if (!image) stands('bar', e, parse(style.backgroundColor)[3] > 200 && contrast(parse(style.backgroundColor), behind(e.parentElement)) >= 3 ? style.backgroundColor : style.borderTopColor);
          }
          for (const [one, other] of [['[role=tab][aria-selected=true]', '[role=tab][aria-selected=false]']]) {
            const [a, b] = [shown(one)[0], shown(other)[0]];
            if (a && b && getComputedStyle(a).borderBottomColor === getComputedStyle(b).borderBottomColor) found.push('the selected tab looks like the others');
          }
          for (const e of shown('.nav-here, [role=row][aria-current=true], .table-selected')) {
            if (parseFloat(getComputedStyle(e).borderInlineStartWidth) < 3) found.push(`not marked: ${name(e)}`);
            stands('mark', e, getComputedStyle(e).borderInlineStartColor);
          }
          for (const e of shown('.xp-edge, .xp-box-face')) stands('line', e, getComputedStyle(e).stroke);
          for (const e of shown('.chart canvas')) {
            const { data } = e.getContext('2d').getImageData(0, 0, e.width, e.height);
            const ground = parse('Canvas');
            let seen = 0;
            for (let i = 0; i < data.length; i += 4) if (data[i + 3] > 200 && contrast([data[i], data[i + 1], data[i + 2]], ground) >= 3) seen++;
            if (seen < 200) found.push(`a chart of ${seen} pixels that can be seen`);
          }
          return found;
        }
        """;

    private const string Ring = """
        () => {
          const e = document.activeElement;
          const style = getComputedStyle(e);
          return `${e.localName} ${e.className}: ${style.outlineStyle} ${style.outlineWidth}`;
        }
        """;

    [Fact]
    public async Task At_200_percent_nothing_is_cut_or_covered_and_every_action_is_within_reach()
    {
        var found = new ConcurrentQueue<string>();
        await Parallel.ForEachAsync(
            UiRoutes.WithTabs(await UiRoutes.FillAsync(ui, "zoomed")),
            AccessibilityTests.Several,
            async (path, _) =>
                await ui.VisitAsync(
                    path,
                    async page =>
                    {
                        await ShellTests.HasPageAsync(page);
                        await page.Page.WaitForTimeoutAsync(1_000);
                        foreach (var fault in await page.Page.EvaluateAsync<string[]>(Reach))
                        {
                            found.Enqueue($"{path}: {fault}");
                        }
                    },
                    new UiVisit
                    {
                        Width = 720,
                        Height = 450,
                        Scale = 2,
                    }
                )
        );

        Assert.True(found.IsEmpty, string.Join('\n', found));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task In_the_colours_of_the_system_everything_is_seen(bool dark)
    {
        var found = new ConcurrentQueue<string>();
        await Parallel.ForEachAsync(
            UiRoutes.WithTabs(await UiRoutes.FillAsync(ui, dark ? "forced-dark" : "forced-light")),
            AccessibilityTests.Several,
            async (path, _) =>
                await ui.VisitAsync(
                    path,
                    async page =>
                    {
                        await ShellTests.HasPageAsync(page);
                        await page.Page.WaitForTimeoutAsync(1_000);
                        foreach (var fault in await page.Page.EvaluateAsync<string[]>(Seen))
                        {
                            found.Enqueue($"{path}: {fault}");
                        }

                        for (var i = 0; i < 4; i++)
                        {
                            await page.Keys.PressAsync("Tab");
                            var ring = await page.Page.EvaluateAsync<string>(Ring);
                            if (!ring.EndsWith("solid 2px", StringComparison.Ordinal))
                            {
                                found.Enqueue($"{path}: no ring around {ring}");
                            }
                        }
                    },
                    new UiVisit { Dark = dark, ForcedColors = true }
                )
        );

        Assert.True(found.IsEmpty, string.Join('\n', found));
    }
}
