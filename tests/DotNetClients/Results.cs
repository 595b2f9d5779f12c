using System.ClientModel;
using System.Text.Json.Serialization;
using Anthropic.Exceptions;
using Microsoft.SemanticKernel;

namespace Tollgate.DotNetClients;

/// <summary>What a structured answer holds: without the city, which the model writes where nothing keeps it from that.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record Person
{
    [JsonPropertyName("name")]
    public string Name { get; init; } = "";

    [JsonPropertyName("age")]
    public int Age { get; init; }
}

/// <summary>A whole answer.</summary>
internal sealed record Answer(string Text, long InputTokens, long OutputTokens, long? CountedTokens = null);

/// <summary>A streamed answer, and in how many pieces it came.</summary>
internal sealed record Streamed(string Text, int Pieces)
{
    /// <summary>Reads a stream to its end. Pieces without text do not count.</summary>
    public static async Task<Streamed> ReadAsync(IAsyncEnumerable<string?> pieces)
    {
        var seen = new List<string>();
        await foreach (var piece in pieces)
        {
            if (!string.IsNullOrEmpty(piece))
            {
                seen.Add(piece);
            }
        }

        return new Streamed(string.Concat(seen), seen.Count);
    }
}

/// <summary>A call of a function, and what the model said to its result.</summary>
/// <param name="Arguments">Those of the call, a JSON object.</param>
internal sealed record Called(string Name, object Arguments, string Answer)
{
    /// <summary>The call of a client that runs the function itself.</summary>
    public static Called Of(List<string> cities, string answer) => new(Scene.ToolName, new { City = cities.Single() }, answer);
}

/// <summary>What a client threw.</summary>
/// <param name="Status">The status of the answer; null when the exception holds none.</param>
internal sealed record Thrown(string Class, int? Status, string Message)
{
    /// <summary>What a call throws of the clients' own exceptions; null when it throws nothing.</summary>
    public static async Task<Thrown?> ByAsync(Func<Task> call)
    {
        try
        {
            await call();
            return null;
        }
        catch (ClientResultException exception)
        {
            return new Thrown(nameof(ClientResultException), exception.Status, exception.Message);
        }
        catch (HttpOperationException exception)
        {
            return new Thrown(nameof(HttpOperationException), (int?)exception.StatusCode, exception.Message);
        }
        catch (AnthropicApiException exception)
        {
            return new Thrown(exception.GetType().Name, (int)exception.StatusCode, exception.Message);
        }
    }
}

/// <summary>What a client gave for a wrong key and for a model that does not exist.</summary>
internal sealed record Errors(Thrown? Key, Thrown? Model);
