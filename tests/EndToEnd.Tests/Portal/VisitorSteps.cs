using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Tollgate.Testing;

namespace Tollgate.EndToEnd.Tests.Portal;

/// <summary>What somebody does on any page, by the names that the page shows.</summary>
internal sealed partial class Visitor
{
    private static readonly TimeSpan PagePatience = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan MailPatience = TimeSpan.FromSeconds(20);

    /// <summary>Addresses that refuse on purpose: the browser's complaint about their status is no fault.</summary>
    private readonly HashSet<string> _refusing = new(StringComparer.Ordinal);

    /// <summary>Path of the page that is open.</summary>
    public string Place => new Uri(_page.Url).AbsolutePath;

    /// <summary>Follows a link and waits for its page.</summary>
    public Task FollowAsync(string link) => TurnPageAsync(() => Named(AriaRole.Link, link).ClickAsync());

    /// <summary>Follows the link of the page to a path; not that of a closed menu.</summary>
    public Task FollowToAsync(string path) => TurnPageAsync(() => _page.Locator($"a[href=\"{path}\"]:visible").First.ClickAsync());

    /// <summary>Presses the button of a form and waits for the page that answers.</summary>
    public Task SubmitAsync(string button) => TurnPageAsync(() => Named(AriaRole.Button, button).ClickAsync());

    /// <summary>Presses a button whose form the page refuses.</summary>
    public Task SubmitRefusedAsync(string button)
    {
        _refusing.Add(_page.Url);
        return SubmitAsync(button);
    }

    /// <summary>Opens a page that refuses. Returns the status.</summary>
    public async Task<int> OpenRefusedAsync(string path, string shot)
    {
        _refusing.Add(new Uri(new Uri(_portal), path).ToString());
        var status = await OpenAsync(path);
        await ShootAsync(shot);
        return status;
    }

    public Task FillAsync(string label, string text) => Labelled(label).FillAsync(text);

    /// <summary>Chooses an entry of a list by its text.</summary>
    public Task ChooseAsync(string label, string entry) => Labelled(label).SelectOptionAsync(new SelectOptionValue { Label = entry });

    /// <summary>Chooses an entry of a list by the value that the form sends.</summary>
    public Task ChooseValueAsync(string label, string value) =>
        Labelled(label).SelectOptionAsync(new SelectOptionValue { Value = value });

    public Task TickAsync(string label) => Labelled(label).CheckAsync();

    public Task UntickAsync(string label) => Labelled(label).UncheckAsync();

    /// <summary>Waits until the page shows a text.</summary>
    public async Task SeeAsync(string text, string shot)
    {
        await _page.GetByText(text).First.WaitForAsync();
        await ShootAsync(shot);
    }

    /// <summary>Waits until the page has a heading.</summary>
    public async Task ReachAsync(string heading, string shot)
    {
        await HeadingAsync(heading);
        await ShootAsync(shot);
    }

    /// <summary>Text of the page that is open, without the menu.</summary>
    public Task<string> ReadAsync() => _page.Locator("#main").InnerTextAsync();

    /// <summary>Opens a page and reads it.</summary>
    public async Task<string> ReadAsync(string path, string shot)
    {
        await LookAtAsync(path, shot);
        return await ReadAsync();
    }

    /// <summary>What the page states under a name.</summary>
    public Task<string> FactAsync(string name) => _page.Locator($"dt:text-is(\"{name}\") + dd").First.InnerTextAsync();

    /// <summary>Opens the page of the first row of a list. Returns its path.</summary>
    public async Task<string> OpenFirstRowAsync()
    {
        var path = (await _page.Locator("tbody th a").First.GetAttributeAsync("href"))!;
        await GoAsync(path);
        return path;
    }

    /// <summary>Follows a link that downloads. Returns the file's name and where it lies until the browser ends.</summary>
    public async Task<(string Name, string Path)> DownloadAsync(string link)
    {
        var download = await _page.RunAndWaitForDownloadAsync(() => Named(AriaRole.Link, link).ClickAsync());
        return (download.SuggestedFilename, await download.PathAsync());
    }

    /// <summary>Reads the newest mail to an address with a subject, once it is in the mailbox.</summary>
    /// <param name="count">How many such mails there must be.</param>
    public async Task<string> ReadMailAsync(string mailbox, string to, string subject, int count = 1, TimeSpan? patience = null) =>
        await (await FindMailAsync(mailbox, to, subject, count, patience)).InnerTextAsync();

    /// <summary>Opens the link of the newest mail to an address with a subject, once it is in the mailbox. Returns the link.</summary>
    /// <param name="count">How many such mails there must be.</param>
    public async Task<string> OpenMailAsync(string mailbox, string to, string subject, int count = 1)
    {
        var mail = await FindMailAsync(mailbox, to, subject, count, MailPatience);
        var link = mail.GetByRole(AriaRole.Link, new() { Name = "Open the link" });
        var address = await link.GetAttributeAsync("href");
        await TurnPageAsync(() => link.ClickAsync());
        return address!;
    }

    /// <summary>Proves again who it is, on the page that asks before a change.</summary>
    public async Task ConfirmAsync(string password)
    {
        await HeadingAsync("Confirm that it is you");
        await ShootAsync("confirm-it-is-you");
        await FillAsync("Password", password);
        await SubmitAsync("Confirm");
    }

    private async Task<ILocator> FindMailAsync(string mailbox, string to, string subject, int count, TimeSpan? patience)
    {
        var letter = new Regex($"<h2>[^<]*{Regex.Escape(subject)}[^<]*</h2>\\s*<p class=\"hint\">to {Regex.Escape(to)} ");
        await Until.TrueAsync(
            async () =>
            {
                // Without the page: an empty mailbox loads itself again, which would end what the browser opens next.
                var page = await _page.APIRequest.GetAsync(mailbox);
                return letter.Count(await page.TextAsync()) >= count;
            },
            $"{count} mails to {to}: {subject}", patience ?? MailPatience);
        await _page.GotoAsync(mailbox);
        var mails = _page.Locator("article.mail").Filter(new() { HasText = $"to {to} ·" })
            .Filter(new() { Has = _page.GetByRole(AriaRole.Heading, new() { Name = subject }) });
        await ShootAsync("mail");
        return mails.First;
    }

    /// <summary>Takes a step and waits until the next page can be read: the page after a form may have the same address and text.</summary>
    private async Task TurnPageAsync(Func<Task> step)
    {
        var turned = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        void Turn(object? sender, IPage page) => turned.TrySetResult();
        _page.DOMContentLoaded += Turn;
        try
        {
            await step();
            await turned.Task.WaitAsync(PagePatience);
        }
        finally
        {
            _page.DOMContentLoaded -= Turn;
        }
    }

    private ILocator Named(AriaRole role, string name) => _page.GetByRole(role, new() { Name = name, Exact = true }).First;

    private ILocator Labelled(string label) => _page.GetByLabel(label, new() { Exact = true }).First;
}
