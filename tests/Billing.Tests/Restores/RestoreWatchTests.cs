using System.Net.Http.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Tollgate.Billing.Restores;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Usage;
using Tollgate.ServiceDefaults.Data;
using Tollgate.Testing;

namespace Tollgate.Billing.Tests.Restores;

/// <summary>What gateways remember of the database proves to a Billing that was started again that it is an older copy.</summary>
public sealed class RestoreWatchTests : IAsyncLifetime
{
    private readonly BillingFixture _billing = new();

    public async Task InitializeAsync()
    {
        await _billing.InitializeAsync();
        await _billing.OpenWalletAsync(1);
    }

    public Task DisposeAsync() => _billing.DisposeAsync();

    [Fact]
    public async Task Hear_makes_a_new_process_seal_a_database_that_forgot_what_a_gateway_saw_and_only_once()
    {
        var shown = await NewestOfAsync(NewProcess(), beats: 3);
        var process = NewProcess();
        await RestoreToAsync(beat: 2);
        await process.RunOnceAsync(default);
        var unnoticed = await SealedAsync();

        process.Hear(shown);
        await process.RunOnceAsync(default);
        var noticed = await SealedAsync();
        await _billing.ReadAsync<object>("update wallets set sealed_at = null returning 1");
        process.Hear(shown); // A gateway that has not heard of the new generation yet.
        await process.RunOnceAsync(default);

        Assert.Equal((0, 1, 0), (unnoticed, noticed, await SealedAsync()));
    }

    [Fact]
    public async Task OpenAsync_seals_once_for_callers_that_notice_a_restore_together()
    {
        var process = NewProcess();
        await NewestOfAsync(process, beats: 3);
        await RestoreToAsync(beat: 2);
        var before = await EpochsAsync();

        await Task.WhenAll(Enumerable.Range(0, 16).Select(
            async _ => await (await process.OpenAsync(OrganizationScope.Of(Guid.NewGuid()), default)).DisposeAsync()));

        Assert.Equal(before + 1, await EpochsAsync());
    }

    [Fact]
    public async Task Hear_is_not_deceived_by_a_process_that_counted_on_after_the_restore()
    {
        var shown = await NewestOfAsync(NewProcess(), beats: 3);
        await RestoreToAsync(beat: 2);
        var process = NewProcess();
        await NewestOfAsync(process, beats: 10);

        process.Hear(shown);
        await process.RunOnceAsync(default);

        Assert.Equal(1, await SealedAsync());
    }

    [Fact]
    public async Task Hear_seals_nothing_for_a_beat_that_the_database_has_or_that_is_of_another_one()
    {
        var shown = await NewestOfAsync(NewProcess(), beats: 3);
        var process = NewProcess();

        process.Hear(shown);
        process.Hear(shown with { Beat = 2 });
        process.Hear(new DatabaseBeat("another", Guid.NewGuid(), 4711));
        await process.RunOnceAsync(default);

        Assert.Equal(0, await SealedAsync());
    }

    [Fact]
    public async Task Billing_answers_gateways_with_its_newest_beat_and_seals_before_it_answers_one_that_knows_a_later_one()
    {
        var app = await _billing.StartAsync();
        using var gateway = BillingFixture.Client(app, "gateway");
        var watch = app.Services.GetRequiredService<RestoreWatch>();
        await Until.TrueAsync(() => watch.Newest is not null, "the first beat");
        var (before, header) = await RegisterAsync(gateway, null);
        var forgotten = DatabaseBeat.Parse(header)! with { Process = Guid.NewGuid() };
        await _billing.ReadAsync<object>(
            "insert into beats (process, beat) values ($1, $2) returning 1", forgotten.Process, forgotten.Beat - 1);

        var (after, _) = await RegisterAsync(gateway, forgotten.ToString());

        Assert.NotEqual(before, after);
        Assert.Equal(1, await SealedAsync());
    }

    [Theory]
    [InlineData("")]
    [InlineData("database")]
    [InlineData("database 0 1")]
    [InlineData("database 0193e0a0c0de7000800000000000abcd -1")]
    [InlineData("database 0193e0a0c0de7000800000000000abcd 99999999999999999999")]
    [InlineData("data base 0193e0a0c0de7000800000000000abcd 1")]
    public void Parse_takes_no_other_text(string text) => Assert.Null(DatabaseBeat.Parse(text));

    [Fact]
    public void Parse_reads_what_was_written()
    {
        var beat = new DatabaseBeat("7445012345678901234/00000001/0193", Guid.NewGuid(), 7);

        Assert.Equal(beat, DatabaseBeat.Parse(beat.ToString()));
    }

    private RestoreWatch NewProcess() => new(_billing.Database, TimeProvider.System, NullLogger<RestoreWatch>.Instance);

    private static async Task<DatabaseBeat> NewestOfAsync(RestoreWatch process, int beats)
    {
        for (var beat = 0; beat < beats; beat++)
        {
            await process.RunOnceAsync(default);
        }

        return process.Newest!;
    }

    /// <summary>As a copy of the data folder that was made after beat <paramref name="beat"/> of the only process so far.</summary>
    private async Task RestoreToAsync(long beat) => await _billing.ReadAsync<object>("update beats set beat = $1 returning 1", beat);

    private Task<long> EpochsAsync() => _billing.ReadAsync<long>("select count(*) from lease_epochs");

    private Task<long> SealedAsync() => _billing.ReadAsync<long>("select count(*) from wallets where sealed_at is not null");

    private static async Task<(string Database, string Header)> RegisterAsync(HttpClient gateway, string? shown)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/internal/journals")
        {
            Content = JsonContent.Create(new RegisterJournal(Guid.NewGuid(), 1, "gateway-1"), ContractsJson.Default.RegisterJournal),
        };
        if (shown is not null)
        {
            request.Headers.Add(DatabaseHeader.Name, shown);
        }

        using var response = await gateway.SendAsync(request);
        response.EnsureSuccessStatusCode();
        var registered = await response.Content.ReadFromJsonAsync(ContractsJson.Default.JournalRegistered);
        return (registered!.Database, response.Headers.GetValues(DatabaseHeader.Name).Single());
    }
}
