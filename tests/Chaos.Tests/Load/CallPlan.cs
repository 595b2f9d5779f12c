using System.Text;
using System.Text.Json;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.OpenAi;

namespace Tollgate.Chaos.Tests.Load;

/// <summary>What one call asks and when its client hangs up; drawn from the run's random numbers.</summary>
/// <param name="Path">Such as <c>/v1/chat/completions</c>.</param>
/// <param name="Body">JSON.</param>
/// <param name="LeaveAfterEvents">Events after which the client of a stream hangs up; null stays.</param>
/// <param name="LeaveAfter">Time after which the client hangs up, whatever came; null stays.</param>
internal sealed record CallPlan(string Path, string Body, bool Stream, string Kind, int? LeaveAfterEvents, TimeSpan? LeaveAfter)
{
    /// <summary>The path with the model in it, where the endpoint wants it there.</summary>
    public string Url { get; init; } = Path;

    /// <summary>Sent as <c>Idempotency-Key</c>; null sends none.</summary>
    public string? IdempotencyKey { get; init; }

    /// <summary>Whether it is a line of a batch, which a service sends through the internal door; only with a key.</summary>
    public bool IsBatchLine { get; init; }

    /// <summary>
    /// How often the call is made, one after the other and whatever came of those before; more than once only with a key.
    /// </summary>
    public int Times { get; init; } = 1;

    /// <summary>A file that goes along: the call is then a form, and the members of <see cref="Body"/> are its other parts.</summary>
    public Upload? Upload { get; init; }

    /// <summary>What a whole answer costs, where the client knows it of what it sends; null where a model alone can tell.</summary>
    public Units? Sent { get; init; }

    /// <summary>What a stream has delivered when the <c>id:</c> of its last event is <paramref name="id"/>.</summary>
    public Units Counted(long id) => Path == PublicEndpoint.AudioTranscriptions.Path ? new Units(0, AudioMs: id)
        : Path == PublicEndpoint.ImageGenerations.Path ? DrawingProgress.UnitsOf(default, id)
        : new Units(0, Output: id);

    public HttpContent MakeContent()
    {
        if (Upload is null)
        {
            return new StringContent(Body, Encoding.UTF8, "application/json");
        }

        var form = new MultipartFormDataContent();
        using var members = JsonDocument.Parse(Body);
        foreach (var member in members.RootElement.EnumerateObject())
        {
            form.Add(new StringContent(member.Value.GetRawText().Trim('"')), member.Name);
        }

        form.Add(new ByteArrayContent(Upload.File), "file", Upload.Name);
        return form;
    }

    /// <summary>The call made again, by a client that stays.</summary>
    public CallPlan Again() => this with { LeaveAfterEvents = null, LeaveAfter = null, Kind = Kind + " again" };
}

/// <summary>A file of a form.</summary>
internal sealed record Upload(string Name, byte[] File);
