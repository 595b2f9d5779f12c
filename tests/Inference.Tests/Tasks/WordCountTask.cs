using System.Text;
using System.Text.Json;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Fairness;
using Tollgate.Inference.Models;
using Tollgate.Inference.Requests;
using Tollgate.Inference.Tasks;

namespace Tollgate.Inference.Tests.Tasks;

/// <summary>A task with nothing but what every task needs: it counts the words of a text.</summary>
/// <param name="warmUp">The warm-up of its models; null for one that is over.</param>
internal sealed class WordCountTask(Task? warmUp = null) : IModelTask
{
    public string Name => "word-counts";

    public IReadOnlyList<ITaskEndpoint> Endpoints { get; } = [new WordCountEndpoint()];

    /// <summary>Models that were loaded.</summary>
    public int Loaded { get; private set; }

    public Task<LoadedModel> LoadAsync(InstalledModel installed, IServiceProvider services, CancellationToken cancellationToken)
    {
        Loaded++;
        return Task.FromResult<LoadedModel>(new WordCounter(installed, warmUp));
    }
}

/// <summary>A model without a session.</summary>
internal sealed class WordCounter(InstalledModel installed, Task? warmUp = null) : LoadedModel(installed)
{
    public override ModelLoad Load => default;

    public override Task WarmUpAsync(CancellationToken cancellationToken) => warmUp ?? Task.CompletedTask;

    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;
}

/// <summary><c>POST /v1/word-counts</c>.</summary>
internal sealed class WordCountEndpoint : ITaskEndpoint
{
    public PublicEndpoint Api { get; } = new("word_counts", "POST", "Word counts", "word_counts", "/v1/word-counts")
    {
        Bodies = BodyTypes.Json | BodyTypes.Form,
    };

    public PreparedRequest Prepare(ReadOnlyMemory<byte> body, Func<string, LoadedModel?> find, CancellationToken cancellationToken)
    {
        using var request = JsonDocument.Parse(body);
        var model = request.RootElement.GetProperty("model").GetString()!;
        return find(model) is WordCounter counter
            ? new PreparedRequest.Ready(new WordCountJob(counter, request.RootElement.GetProperty("text").GetString()!))
            : OpenAiError.ModelNotFound(model);
    }

    public PreparedRequest Prepare(RequestForm form, Func<string, LoadedModel?> find, CancellationToken cancellationToken) =>
        find(form.Parts.Single(part => part.Name == "model").Text) is WordCounter counter
            ? new PreparedRequest.Ready(
                new WordCountJob(counter, Encoding.UTF8.GetString(form.Parts.Single(part => part.IsFile).Bytes.Span)))
            : OpenAiError.ModelNotFound("of the form");
}

/// <summary>A text whose words are to be counted.</summary>
internal sealed record WordCountJob(WordCounter Counter, string Text) : ITaskJob
{
    public LoadedModel Model => Counter;

    public ITaskRun Begin(RequestScope scope) => new WordCountRun(this, scope);
}

/// <summary>Counts the words; each of them is a prompt token.</summary>
internal sealed class WordCountRun(WordCountJob job, RequestScope scope) : UnaryRun(scope)
{
    private Units _units;

    public override Units Units => _units;

    protected override Task<UnaryOutcome> ComputeAsync(Reply reply, CancellationToken cancellationToken)
    {
        var wanted = new Units(job.Text.Split(' ').Length);
        if (Scope.CheckHold(wanted) is { } aboveHold)
        {
            return Task.FromResult<UnaryOutcome>(new UnaryOutcome.Refused(aboveHold));
        }

        _units = wanted;
        return Task.FromResult<UnaryOutcome>(new UnaryOutcome.Computed(json =>
        {
            json.WriteStartObject();
            json.WriteNumber("words", wanted.Prompt);
            json.WriteEndObject();
        }));
    }
}
