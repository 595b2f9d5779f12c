using System.IO.Compression;
using System.Net;
using System.Text.Json;
using Tollgate.EndToEnd.Tests.Clients;
using Tollgate.EndToEnd.Tests.Portal;
using Tollgate.EndToEnd.Tests.Running;
using Tollgate.Testing;

namespace Tollgate.EndToEnd.Tests.Scenarios;

/// <summary>People who leave, in a real browser: with their data, for good, or not after all.</summary>
[Collection(SharedTollgate.Name)]
public sealed class LeavingTests(SharedTollgate shared)
{
    private const string Password = "a walk in four gardens";

    [Fact]
    public async Task Account_and_organization_are_exported_deleted_and_kept_and_one_that_is_gone_leaves_a_receipt()
    {
        const string stays = "hal@leaving.example", goes = "ida@leaving.example";
        var (portal, mailbox) = (shared.Running.Endpoints.Portal, shared.Running.Endpoints.Mail);
        await using var browser = await Browser.StartAsync();
        var hal = await browser.ArriveAsync(shared.Running.Endpoints, "leaving-stays", stays, Password);
        await hal.InviteAsync(goes);
        var ida = await browser.JoinAsync(shared.Running.Endpoints, "leaving-goes", goes, Password);
        using var ofIda = shared.Running.Client(await ida.CreateKeyAsync("of Ida"));
        await AnswersAsync(ofIda);
        var needed = await hal.ReadAsync("/account/delete", "only-owner");
        await AskToDeleteAsync(ida, goes);
        await shared.Running.EndGraceAsync(goes); // The work that follows runs once a minute.

        using var ofHal = shared.Running.Client(await hal.CreateKeyAsync("of Hal"));
        await AnswersAsync(ofHal);
        await hal.GoAsync("/account");
        await hal.FollowToAsync("/account/export");
        await hal.ShootAsync("export-account");
        var account = await DownloadAsync(hal);
        await hal.GoAsync("/organization");
        await hal.FollowToAsync("/organization/export");
        await hal.ShootAsync("export-organization");
        var organization = await DownloadAsync(hal);
        var name = organization["organization.json"].GetProperty("name").GetString()!;
        await hal.FollowToAsync("/organization");
        await hal.FollowToAsync("/organization/delete");
        await hal.FillAsync($"Type the name of the organization, {name}", name);
        await hal.ShootAsync("delete-organization");
        await hal.SubmitAsync("Delete the organization");
        await hal.ReachAsync($"{name} is to be deleted", "organization-leaves");
        var whileLeaving = await CallAsync(ofHal);
        await hal.SubmitAsync("Keep the organization");
        await hal.SeeAsync("The deletion is cancelled", "organization-kept");
        var kept = await CallAsync(ofHal);

        var receipt = await hal.ReadMailAsync(mailbox, goes, "Your account is deleted", patience: TimeSpan.FromSeconds(100));
        var ofGone = await CallAsync(ofIda);
        var gone = await browser.VisitAsync(portal, "leaving-gone");
        await gone.GoAsync("/sign-in");
        await gone.FillAsync("E-mail", goes);
        await gone.FillAsync("Password", Password);
        await gone.SubmitAsync("Sign in");
        await gone.SeeAsync("do not match", "gone");

        await AskToDeleteAsync(hal, stays);
        var alone = await CallAsync(ofHal);
        await hal.LookAtAsync("/overview", "only-this-page");
        var led = hal.Place;
        await hal.SubmitAsync("Keep my account");
        await hal.SeeAsync("Nothing was deleted", "account-kept");
        var after = await CallAsync(ofHal);

        Assert.Contains("You are the only owner", needed, StringComparison.Ordinal);
        Assert.Equal(stays, account["profile.json"].GetProperty("email").GetString());
        Assert.Equal("of Hal", account["keys.json"][0].GetProperty("name").GetString());
        Assert.Equal(stays, organization["members.json"][0].GetProperty("email").GetString());
        Assert.Equal((HttpStatusCode.Forbidden, HttpStatusCode.OK), (whileLeaving.Status, kept.Status));
        Assert.Contains("HMAC-SHA256", receipt, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Unauthorized, ofGone.Status);
        Assert.Equal((HttpStatusCode.Forbidden, HttpStatusCode.OK), (alone.Status, after.Status)); // Its only member takes it along.
        Assert.Equal("/account/leaving", led);
        Assert.Equal("", string.Join('\n', ida.ConsoleErrors.Concat(hal.ConsoleErrors).Concat(gone.ConsoleErrors)));
    }

    private static async Task AskToDeleteAsync(Visitor visitor, string email)
    {
        await visitor.GoAsync("/account");
        await visitor.FollowToAsync("/account/delete");
        await visitor.FillAsync($"Type your address, {email}", email);
        await visitor.ShootAsync("delete-account");
        await visitor.SubmitAsync("Delete my account");
        await visitor.ReachAsync("Your account is to be deleted", "account-leaves");
    }

    /// <summary>The JSON files of the ZIP that the open page offers, by name.</summary>
    private static async Task<Dictionary<string, JsonElement>> DownloadAsync(Visitor visitor)
    {
        var (name, path) = await visitor.DownloadAsync("Download");
        Assert.EndsWith(".zip", name, StringComparison.Ordinal);
        await using var zip = await ZipFile.OpenReadAsync(path);
        var files = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach (var entry in zip.Entries.Where(entry => entry.Name.EndsWith(".json", StringComparison.Ordinal)))
        {
            await using var content = await entry.OpenAsync();
            files.Add(entry.Name, (await JsonDocument.ParseAsync(content)).RootElement);
        }

        return files;
    }

    private static Task<ApiAnswer> AnswersAsync(ApiClient client) => Until.ValueAsync(
        async () => await CallAsync(client) is { Status: HttpStatusCode.OK } ok ? ok : null, "the new key works");

    private static Task<ApiAnswer> CallAsync(ApiClient client) => client.PostAsync(Prompts.Chat, Prompts.France());
}
