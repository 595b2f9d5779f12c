using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.Playwright;

namespace Tollgate.EndToEnd.Tests.Portal;

/// <summary>Somebody at a browser. Every step leaves a numbered screenshot, and an error in the page's console is kept.</summary>
internal sealed partial class Visitor
{
    private readonly IPage _page;
    private readonly string _portal;
    private readonly string _screenshots;
    private readonly string _name;
    private readonly List<string> _consoleErrors = [];
    private int _shots;
    private string _email = "";

    public Visitor(IPage page, string portal, string screenshots, string name)
    {
        (_page, _portal, _screenshots, _name) = (page, portal, screenshots, name);
        page.Console += (_, message) =>
        {
            if (message.Type == "error" && page.Url.StartsWith(portal, StringComparison.Ordinal)
                && !_refusing.Any(address => message.Location.StartsWith(address, StringComparison.Ordinal)))
            {
                _consoleErrors.Add($"{page.Url}: {message.Text}");
            }
        };
        page.PageError += (_, error) => _consoleErrors.Add($"{page.Url}: {error}");
    }

    /// <summary>What the browser complained about on pages of the portal.</summary>
    public IReadOnlyList<string> ConsoleErrors => _consoleErrors;

    public async Task SignUpAsync(string email, string password)
    {
        _email = email;
        await _page.GotoAsync("/");
        await ShootAsync("home");
        await _page.GetByRole(AriaRole.Link, new() { Name = "Get an API key" }).ClickAsync();
        await _page.GetByLabel("E-mail").FillAsync(email);
        await _page.GetByLabel("Password").FillAsync(password);
        await ShootAsync("sign-up");
        await _page.GetByRole(AriaRole.Button, new() { Name = "Sign up" }).ClickAsync();
        await HeadingAsync("Check your mail");
        await ShootAsync("check-your-mail");
    }

    /// <summary>Opens the link of the mail that signing up sent, in the mailbox at the address that the start showed.</summary>
    public async Task ConfirmByMailAsync(string mailbox)
    {
        await OpenMailAsync(mailbox, _email, "Confirm your e-mail address");
        await HeadingAsync("Confirm your address");
        await ShootAsync("confirm");
        await _page.GetByRole(AriaRole.Button, new() { Name = "Confirm" }).ClickAsync();
        await _page.GetByText("Your e-mail address is confirmed").WaitForAsync();
        await ShootAsync("confirmed");
    }

    public async Task SignInAsync(string email, string password)
    {
        await _page.GotoAsync("/sign-in");
        await _page.GetByLabel("E-mail").FillAsync(email);
        await _page.GetByLabel("Password").FillAsync(password);
        await _page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await HeadingAsync("Overview");
        await ShootAsync("overview");
    }

    /// <summary>Invites an address to the organization.</summary>
    public async Task InviteAsync(string email, string role = "Developer")
    {
        await GoAsync("/members");
        await ShootAsync("members");
        await FollowAsync("Invite a member");
        await FillAsync("E-mail", email);
        await ChooseAsync("Role", role);
        await ShootAsync("invite");
        await SubmitAsync("Send the invitation");
        await SeeAsync("The invitation is on its way", "invited");
    }

    /// <summary>Opens the link of the newest invitation to an address and joins with a new account.</summary>
    /// <param name="count">How many invitations were mailed to the address.</param>
    public async Task JoinByMailAsync(string mailbox, string email, string password, int count = 1)
    {
        await OpenMailAsync(mailbox, email, "Join", count);
        await FillAsync("Password", password);
        await ShootAsync("join");
        await SubmitAsync("Create an account and join");
        await ReachAsync("Overview", "joined");
    }

    /// <summary>Removes a member of the organization.</summary>
    public async Task RemoveMemberAsync(string email)
    {
        await GoAsync("/members");
        await _page.GetByRole(AriaRole.Link, new() { Name = $"Remove {email}" }).ClickAsync();
        await ShootAsync("remove");
        await _page.GetByRole(AriaRole.Button, new() { Name = "Remove the member" }).ClickAsync();
        await _page.GetByText("The member is removed").WaitForAsync();
        await ShootAsync("removed");
    }

    /// <summary>Makes a key and copies its text from the page.</summary>
    /// <param name="owner">Text of the entry that says whose key it is; null for the visitor's.</param>
    public async Task<string> CreateKeyAsync(string name, string? owner = null)
    {
        await GoAsync("/keys");
        await ShootAsync("keys");
        await _page.GetByRole(AriaRole.Link, new() { Name = "Create" }).First.ClickAsync();
        await _page.GetByLabel("Name").FillAsync(name);
        if (owner is not null)
        {
            await ChooseAsync("Whose key it is", owner);
        }

        await ShootAsync("new-key");
        await _page.GetByRole(AriaRole.Button, new() { Name = "Create key" }).ClickAsync();
        await HeadingAsync("Your new key");
        await ShootAsync("key-shown-once");
        return (await _page.Locator("#key-text").InnerTextAsync()).Trim();
    }

    /// <summary>Makes an admin key and copies its text from the page.</summary>
    public async Task<string> CreateAdminKeyAsync(string name)
    {
        await GoAsync("/organization");
        await FollowToAsync("/organization/admin-keys");
        await _page.GetByRole(AriaRole.Link, new() { Name = "Create admin key" }).ClickAsync();
        await _page.GetByLabel("Name").FillAsync(name);
        await ShootAsync("new-admin-key");
        await _page.GetByRole(AriaRole.Button, new() { Name = "Create admin key" }).ClickAsync();
        await HeadingAsync("Your new admin key");
        await ShootAsync("admin-key-shown-once");
        return (await _page.Locator("#key-text").InnerTextAsync()).Trim();
    }

    /// <summary>The figure under a heading of the page that is open.</summary>
    public Task<string> FigureAsync(string heading) => _page.Locator($"h2:text-is(\"{heading}\") ~ .figure").First.InnerTextAsync();

    /// <summary>Balance on the billing page, US dollars.</summary>
    public async Task<decimal> BalanceAsync()
    {
        await GoAsync("/billing");
        var text = await FigureAsync("Balance");
        return decimal.Parse(Amount().Match(text).Value, NumberStyles.Number, CultureInfo.InvariantCulture);
    }

    /// <summary>Whether a chart was really drawn into <paramref name="id"/>.</summary>
    public async Task<bool> IsDrawnAsync(string id) => await _page.Locator($"#{id} canvas").CountAsync() > 0;

    /// <summary>Rotates the first key of the list with the keyboard alone and stays on its page.</summary>
    public async Task RotateFirstKeyAsync()
    {
        await GoAsync("/keys");
        var path = await _page.Locator("tbody th a").First.GetAttributeAsync("href");
        await GoAsync($"{path}/rotate");
        await ShootAsync("rotate");
        await _page.GetByLabel("How long the present secret").FocusAsync();
        await _page.Keyboard.PressAsync("Tab");
        await _page.Keyboard.PressAsync("Enter");
        await HeadingAsync("The new secret of");
        await ShootAsync("rotated");
        await GoAsync(path!);
        await _page.GetByText("Both secrets work").WaitForAsync();
        await _page.GetByRole(AriaRole.Radio, new() { Name = "Only the ticked ones" }).CheckAsync();
        await ShootAsync("key");
    }

    /// <summary>Opens a page and takes its picture.</summary>
    public async Task LookAtAsync(string path, string shot)
    {
        await GoAsync(path);
        await ShootAsync(shot);
    }

    public async Task GoAsync(string path)
    {
        var response = await _page.GotoAsync(path, new() { WaitUntil = WaitUntilState.NetworkIdle });
        Assert.True(response!.Ok, $"{path} answered {response.Status}");
    }

    /// <summary>Starts a job on the dashboard's page of recurring jobs. Returns the status of the POST that its script sends.</summary>
    public async Task<int> StartJobAsync(string job)
    {
        await GoAsync("/admin/jobs/recurring");
        await _page.Locator($"input[value=\"{job}\"]").CheckAsync();
        await ShootAsync("jobs");
        var response = await _page.RunAndWaitForResponseAsync(
            () => _page.GetByRole(AriaRole.Button, new() { Name = "Trigger now" }).ClickAsync(),
            answer => answer.Url.EndsWith("/admin/jobs/recurring/trigger", StringComparison.Ordinal));
        return response.Status;
    }

    /// <summary>Makes a project and stays on its page. Returns the page's path.</summary>
    public async Task<string> CreateProjectAsync(string name)
    {
        await GoAsync("/projects");
        await _page.GetByRole(AriaRole.Link, new() { Name = "Create project" }).ClickAsync();
        await _page.GetByLabel("Name").FillAsync(name);
        await ShootAsync("new-project");
        await _page.GetByRole(AriaRole.Button, new() { Name = "Create project" }).ClickAsync();
        await HeadingAsync(name);
        return new Uri(_page.Url).AbsolutePath;
    }

    /// <summary>Lets the project whose page is open call one model alone, so many times a minute.</summary>
    public async Task ConfineProjectAsync(string model, int requestsPerMinute)
    {
        await _page.GetByRole(AriaRole.Radio, new() { Name = "Only the ticked ones" }).CheckAsync();
        await _page.GetByRole(AriaRole.Checkbox, new() { Name = model, Exact = true }).CheckAsync();
        await _page.GetByLabel("Requests per minute").FillAsync(requestsPerMinute.ToString(CultureInfo.InvariantCulture));
        await _page.GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync();
        await _page.GetByText("in force from the next request on").WaitForAsync();
        await ShootAsync("project");
    }

    /// <summary>Chooses a project in the menu.</summary>
    public async Task SwitchToProjectAsync(string name)
    {
        await _page.GetByLabel("Organization and project").SelectOptionAsync(new SelectOptionValue { Label = name });
        await _page.GetByRole(AriaRole.Button, new() { Name = "Switch" }).ClickAsync();
        await HeadingAsync("Overview");
    }

    /// <summary>Archives a project by the page that asks once more. Returns what the page says then.</summary>
    public async Task<string> ArchiveProjectAsync(string path)
    {
        await GoAsync(path);
        await _page.GetByRole(AriaRole.Link, new() { Name = "Archive…" }).ClickAsync();
        await ShootAsync("archive");
        await _page.GetByRole(AriaRole.Button, new() { Name = "Archive project" }).ClickAsync();
        await _page.GetByText("Acknowledged").WaitForAsync();
        await ShootAsync("archived");
        return await _page.Locator("#main").InnerTextAsync();
    }

    /// <summary>The row of a value that holds for the first key of the list.</summary>
    public async Task<string> ExplainFirstKeyAsync(string label)
    {
        await GoAsync("/keys");
        await GoAsync((await _page.Locator("tbody th a").First.GetAttributeAsync("href"))!);
        await ShootAsync("explained");
        return await _page.GetByRole(AriaRole.Row).Filter(new() { HasText = label }).First.InnerTextAsync();
    }

    /// <summary>The ids of a key, an organization and a project, from the links to their pages.</summary>
    public async Task<(string Key, string Organization, string Project)> FindIdsAsync()
    {
        await GoAsync("/keys");
        var key = await _page.Locator("tbody th a").First.GetAttributeAsync("href");
        await GoAsync("/admin/organizations");
        var organization = await _page.Locator("tbody th a").First.GetAttributeAsync("href");
        await GoAsync("/projects");
        var project = await _page.Locator("tbody th a").First.GetAttributeAsync("href");
        return (IdIn(key!), IdIn(organization!), IdIn(project!));

        static string IdIn(string path) => path[(path.LastIndexOf('/') + 1)..];
    }

    /// <summary>Opens a page that may be missing. Returns the status.</summary>
    public async Task<int> OpenAsync(string path) =>
        (await _page.GotoAsync(path, new() { WaitUntil = WaitUntilState.NetworkIdle }))!.Status;

    /// <summary>
    /// Sends the form of a new key with four faults. Returns the id of the field with the focus, and what is said of each.
    /// </summary>
    public async Task<(string Focused, IReadOnlyList<string> Faults)> SendFaultyKeyAsync()
    {
        await GoAsync("/keys/new");
        await _page.GetByLabel("Tokens per minute").FillAsync("a few");
        await _page.GetByLabel("Requests at once").FillAsync("0");
        await _page.GetByText("Restrict what it may do").ClickAsync();
        await _page.GetByLabel("Networks it may be used from").FillAsync("home");
        await _page.GetByRole(AriaRole.Button, new() { Name = "Create key" }).ClickAsync();
        await _page.Locator(".validation-message").First.WaitForAsync();
        await ShootAsync("faults");
        return (
            await _page.EvaluateAsync<string>("document.activeElement.id"),
            await _page.Locator(".validation-message").AllInnerTextsAsync());
    }

    /// <summary>Sends the form of a price. Returns the faults that the page shows; none when it asks once more.</summary>
    public async Task<IReadOnlyList<string>> SendPriceAsync(string model, string input, string output, string from)
    {
        await GoAsync("/admin/prices");
        await _page.GetByLabel("Model", new() { Exact = true }).FillAsync(model);
        await _page.GetByLabel("Input, USD per million tokens", new() { Exact = true }).FillAsync(input);
        await _page.GetByLabel("Output, USD per million tokens").FillAsync(output);
        await _page.GetByLabel("From, UTC").FillAsync(from);
        await _page.GetByRole(AriaRole.Button, new() { Name = "Continue" }).ClickAsync();
        await _page.Locator(".validation-message, h1:has-text('?')").First.WaitForAsync();
        await ShootAsync("price");
        return await _page.Locator(".validation-message").AllInnerTextsAsync();
    }

    /// <summary>Answers the page that asks once more before a price is scheduled. Returns the price's row.</summary>
    public async Task<string> ConfirmPriceAsync(string model)
    {
        await _page.GetByRole(AriaRole.Button, new() { Name = "Schedule price" }).ClickAsync();
        await _page.GetByText("The price is scheduled.").WaitForAsync();
        await ShootAsync("price-scheduled");
        return await PriceRows(model).First.InnerTextAsync();
    }

    /// <summary>Cancels the scheduled price of a model. Returns how many rows the model has afterwards.</summary>
    public async Task<int> CancelPriceAsync(string model)
    {
        await _page.GetByRole(AriaRole.Link, new() { Name = $"Cancel the scheduled price of {model}" }).ClickAsync();
        await _page.GetByRole(AriaRole.Button, new() { Name = "Cancel scheduled price" }).ClickAsync();
        await _page.GetByText("The price is withdrawn.").WaitForAsync();
        return await PriceRows(model).CountAsync();
    }

    private ILocator PriceRows(string model) => _page.Locator("#prices tbody tr", new() { HasText = model });

    /// <summary>Disables the first key and loads the page again, as F5 does. Returns the key's state as the page shows it.</summary>
    public async Task<string> DisableFirstKeyAndLoadAgainAsync()
    {
        await GoAsync("/keys");
        await _page.Locator("tbody th a").First.ClickAsync();
        await _page.GetByRole(AriaRole.Button, new() { Name = "Disable" }).ClickAsync();
        await _page.GetByText("in force from the next request on").WaitForAsync();
        await _page.ReloadAsync();
        await ShootAsync("disabled");
        return await _page.Locator(".page-head .badge").InnerTextAsync();
    }

    /// <summary>
    /// Makes a key where the browser offers no clipboard, as on a plain HTTP address, presses Copy, and returns the key's text and what
    /// pasting gives.
    /// </summary>
    public async Task<(string Shown, string Pasted)> CopyKeyWithoutClipboardAsync(string name)
    {
        await _page.AddInitScriptAsync("Object.defineProperty(navigator, 'clipboard', { value: undefined })");
        var shown = await CreateKeyAsync(name);
        await _page.Locator("[data-copy='key-text']").ClickAsync();
        await _page.GetByRole(AriaRole.Button, new() { Name = "Copied" }).WaitForAsync();
        await GoAsync("/keys/new");
        await _page.GetByLabel("Name").FocusAsync();
        await _page.Keyboard.PressAsync("Control+V");
        return (shown, await _page.GetByLabel("Name").InputValueAsync());
    }

    /// <summary>Pays on the checkout page with the card that always works, and comes back.</summary>
    public async Task TopUpAsync(int dollars)
    {
        await GoAsync("/billing");
        await ShootAsync("billing");
        await _page.GetByRole(AriaRole.Radio, new() { Name = $"${dollars}", Exact = true }).CheckAsync();
        await _page.GetByRole(AriaRole.Button, new() { Name = "Continue to payment" }).ClickAsync();
        await _page.GetByLabel("Card number").FillAsync("4242 4242 4242 4242");
        await ShootAsync("checkout");
        await _page.GetByRole(AriaRole.Button, new() { Name = "Pay" }).ClickAsync();
        await HeadingAsync($"${dollars}.00 arrived");
        await ShootAsync("paid");
    }

    /// <summary>Follows the portal's link to the API reference and reads it.</summary>
    public async Task<ReadReference> ReadReferenceAsync()
    {
        var (asked, complaints) = (new HashSet<string>(StringComparer.Ordinal), new List<string>());
        await _page.GotoAsync("/", new() { WaitUntil = WaitUntilState.NetworkIdle });
        _page.Request += (_, request) => asked.Add(request.Url.StartsWith("http", StringComparison.Ordinal)
            ? new Uri(request.Url).Authority : request.Url);
        _page.RequestFailed += (_, request) => complaints.Add($"{request.Url}: {request.Failure}");
        _page.Console += (_, message) =>
        {
            if (message.Type == "error")
            {
                complaints.Add(message.Text);
            }
        };
        await _page.GetByRole(AriaRole.Link, new() { Name = "API reference" }).First.ClickAsync();
        await _page.GetByText("Show a model").First.WaitForAsync();
        await _page.WaitForLoadStateAsync(LoadState.NetworkIdle);
        await ShootAsync("reference", whole: false); // All endpoints in one picture take a loaded machine longer than the limit.
        return new ReadReference(new Uri(_page.Url), await _page.Locator("body").InnerTextAsync(), asked, complaints);
    }

    /// <summary>Whether the page is wider than the window, so that it must be scrolled sideways.</summary>
    public Task<bool> OverflowsAsync() =>
        _page.EvaluateAsync<bool>("document.documentElement.scrollWidth > document.documentElement.clientWidth");

    /// <param name="whole">Whether the picture goes to the page's end; else it shows what the window shows.</param>
    public Task ShootAsync(string what, bool whole = true) => _page.ScreenshotAsync(new()
    {
        Path = System.IO.Path.Combine(_screenshots, $"{_name}-{++_shots:00}-{what}.png"),
        FullPage = whole,
    });

    private Task HeadingAsync(string text) => _page.GetByRole(AriaRole.Heading, new() { Name = text }).First.WaitForAsync();

    [GeneratedRegex(@"-?[\d,]+(\.\d+)?")]
    private static partial Regex Amount();
}

/// <summary>The API reference as a browser showed it.</summary>
/// <param name="Text">Text that the page shows.</param>
/// <param name="AskedServers">Host and port of each server that got a request.</param>
/// <param name="Complaints">Errors of the console, and requests that failed.</param>
internal sealed record ReadReference(
    Uri Address, string Text, IReadOnlyCollection<string> AskedServers, IReadOnlyList<string> Complaints);
