using Microsoft.Playwright;
using Tollgate.Testing;

namespace Tollgate.EndToEnd.Tests.Portal;

/// <summary>What can be wrong with the looks of a page.</summary>
internal sealed partial class Visitor
{
    /// <summary>Every rule of axe-core but those of level AAA and those on trial.</summary>
    private const string RunAxe = """
        async () => {
          const { violations } = await axe.run(document, {
            resultTypes: ["violations"],
            runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
          });
          return violations.flatMap(({ id, nodes }) => nodes.map(node => `${id}: ${node.target.join(" ")}`));
        }
        """;

    /// <summary>Errors that no field names, and fields of errors that are not there.</summary>
    private const string FindLooseErrors = """
        () => [
          ...[...document.querySelectorAll(".field [role=alert][id], .validation-message")]
            .map(error => error.closest("[id]")?.id)
            .filter(id => !document.querySelector(`[aria-describedby~="${id}"]`)).map(id => `no field names the error ${id}`),
          ...[...document.querySelectorAll("[aria-describedby]")].flatMap(field => field.getAttribute("aria-describedby").split(" "))
            .filter(id => !document.getElementById(id)).map(id => `a field names ${id}, which is not there`),
        ]
        """;

    /// <summary>Gives every page that is opened from now on axe-core.</summary>
    public Task AddAxeAsync() => _page.Context.AddInitScriptAsync(
        scriptPath: System.IO.Path.Combine(SharedFiles.Repository, "node_modules", "axe-core", "axe.min.js"));

    /// <summary>Path of the page that is open.</summary>
    public string Path => new Uri(_page.Url).AbsolutePath;

    /// <summary>Title of the page that is open.</summary>
    public Task<string> TitleAsync() => _page.TitleAsync();

    /// <summary>Takes the page's picture. Returns what is wrong with its looks: <c>page: rule: target</c>.</summary>
    public async Task<IReadOnlyList<string>> ReviewAsync(string what)
    {
        await ShootAsync(what);
        List<string> faults = [.. await _page.EvaluateAsync<string[]>(RunAxe), .. await _page.EvaluateAsync<string[]>(FindLooseErrors)];
        if (await OverflowsAsync())
        {
            faults.Add("wider than the window");
        }

        return [.. faults.Select(fault => $"{what}: {fault}")];
    }

    /// <summary>Opens the menu of a phone. Returns false on a desk, which shows it always.</summary>
    public async Task<bool> OpenMenuAsync()
    {
        var button = _page.GetByRole(AriaRole.Button, new() { Name = "Menu", Exact = true });
        if (!await button.IsVisibleAsync())
        {
            return false;
        }

        await button.ClickAsync();
        await _page.GetByRole(AriaRole.Navigation, new() { Name = "Portal" }).WaitForAsync();
        return true;
    }

    /// <summary>Presses Tab so often. Returns what had the focus, and whether it was seen that it had.</summary>
    public async Task<IReadOnlyList<(string Element, bool IsSeen)>> TabAsync(int times)
    {
        List<(string, bool)> reached = [];
        for (var i = 0; i < times; i++)
        {
            await _page.Keyboard.PressAsync("Tab");
            var parts = await _page.EvaluateAsync<string[]>("""
                () => {
                  const on = document.activeElement, box = on.getBoundingClientRect();
                  const { outlineStyle, outlineWidth } = getComputedStyle(on);
                  const seen = outlineStyle !== "none" && outlineWidth !== "0px" && box.right > 0 && box.left < innerWidth && box.width > 0;
                  return [`${on.tagName} ${on.getAttribute("aria-label") ?? on.id} ${on.textContent.trim().slice(0, 40)}`, String(seen)];
                }
                """);
            reached.Add((parts[0], parts[1] == "true"));
        }

        return reached;
    }

    /// <summary>Presses a key. Returns the id of what has the focus then.</summary>
    public async Task<string> PressAsync(string key)
    {
        await _page.Keyboard.PressAsync(key);
        return await _page.EvaluateAsync<string>("document.activeElement.id");
    }
}
