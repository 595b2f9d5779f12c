using Tollgate.EndToEnd.Tests.Clients;
using Tollgate.EndToEnd.Tests.Portal;

namespace Tollgate.EndToEnd.Tests.Running;

/// <summary>One running system for all tests that leave it as they found it.</summary>
public sealed class SharedTollgate : IAsyncLifetime
{
    public const string Name = "one running Tollgate";
    private RunningTollgate? _running;
    private ApiAnswer? _firstAnswer;

    internal RunningTollgate Running => _running ?? throw new InvalidOperationException("Not started.");

    /// <summary>Models beside those of a new installation.</summary>
    internal ImportedModels Models => field ??= new ImportedModels(Running);

    /// <summary>People and things that pages of the portal show, made on first use.</summary>
    internal Task<PortalStage> Stage => field ??= PortalStage.MakeAsync(Running);

    /// <summary>What the first call got, made as soon as the start said that it is ready.</summary>
    internal ApiAnswer FirstAnswer => _firstAnswer ?? throw new InvalidOperationException("Not started.");

    /// <summary>Models that the first key could call as soon as the start said that it is ready.</summary>
    internal IReadOnlyList<string> FirstModels { get; private set; } = [];

    /// <summary>What another user of the machine could read of the data folder while the first start ran; empty without root, whom it takes
    /// to ask as another.</summary>
    internal string SeenByOthers { get; private set; } = "";

    /// <summary>The log as it was when the first start said that it is ready.</summary>
    internal IReadOnlyList<string> FirstLog { get; private set; } = [];

    public async Task InitializeAsync()
    {
        var data = RunningTollgate.NewDataFolder();
        var looking = Environment.IsPrivilegedProcess ? await OtherUser.WatchAsync(data) : null;

        _running = await RunningTollgate.StartAsync(
            new Dictionary<string, string>
            {
                ["TOLLGATE__Trainer__LowestPriority"] = "false", // Jobs of tests do not wait for a machine that is idle.
                ["TOLLGATE__Portal__CredentialFormsPerMinute"] = "300", // All people of the tests have one address.
                ["TOLLGATE__SingleSignOn__AllowPrivateProviders"] = "true",
            },
            data);
        FirstLog = await File.ReadAllLinesAsync(Path.Combine(data, "logs", "tollgate.log"));
        SeenByOthers = looking is null ? "" : await looking.EndAsync();
        using var client = _running.Client();
        FirstModels = [.. (await client.GetAsync("/v1/models")).Json.GetProperty("data").EnumerateArray()
            .Select(model => model.GetProperty("id").GetString()!)];
        _firstAnswer = await client.PostAsync(Prompts.Chat, Prompts.France());
    }

    public async Task DisposeAsync()
    {
        if (_running is not null)
        {
            await _running.DisposeAsync();
        }
    }
}

/// <summary>Names the collection of tests that share a <see cref="SharedTollgate"/>.</summary>
[CollectionDefinition(SharedTollgate.Name)]
public sealed class SharedTollgateTests : ICollectionFixture<SharedTollgate>;
