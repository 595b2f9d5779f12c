using System.Text.Json;
using Tollgate.Contracts.Keys;
using Tollgate.EndToEnd.Tests.Clients;
using Tollgate.EndToEnd.Tests.Running;
using Tollgate.Testing;

namespace Tollgate.EndToEnd.Tests.Scenarios;

/// <summary>The client libraries that people use, each with nothing changed but its base address and key: a row a client and ability. Each
/// client runs once.</summary>
[Collection(SharedTollgate.Name)]
public sealed class ClientMatrixTests(SharedTollgate shared, ClientMatrixTests.Runs runs) : IClassFixture<ClientMatrixTests.Runs>
{
    public static TheoryData<string> Clients => new(MatrixClient.All.Select(client => client.Name));

    public static TheoryData<string> ClientsThatEmbed => new(MatrixClient.All.Where(client => client.Embeds).Select(client => client.Name));

    /// <summary>Whole and streamed calls of every client, which make the model call; and calls that it chooses to make.</summary>
    public static TheoryData<string, string> ToolCells
    {
        get
        {
            var cells = new TheoryData<string, string>();
            foreach (var client in MatrixClient.All)
            {
                cells.Add(client.Name, "tools");
                cells.Add(client.Name, "streamedTools");
            }

            cells.Add("openai (npm)", "chosenTools");
            cells.Add("anthropic (npm), messages", "toolLoop");
            return cells;
        }
    }

    [Theory]
    [MemberData(nameof(Clients))]
    public async Task Chat_answers_and_is_billed_as_the_client_says(string client)
    {
        var (chat, key) = await CellAsync(client, "chat");
        var tokens = (chat.GetProperty("inputTokens").GetInt64(), chat.GetProperty("outputTokens").GetInt64());
        var rows = await Until.ValueAsync(
            async () => await shared.Running.Books.OfKeyAsync(key.KeyId) is { Count: > 0 } booked ? booked : null, "usage rows");

        Assert.Equal("The capital of France is Paris.", chat.GetProperty("text").GetString());
        Assert.Equal((rows[0].Units.Prompt, rows[0].Units.Completion), tokens); // The chat is each client's first call.
        if (chat.TryGetProperty("countedTokens", out var counted) && counted.ValueKind == JsonValueKind.Number)
        {
            Assert.Equal(tokens.Item1, counted.GetInt64());
        }
    }

    [Theory]
    [MemberData(nameof(Clients))]
    public async Task A_stream_comes_in_pieces_of_the_same_answer(string client)
    {
        var (stream, _) = await CellAsync(client, "stream");

        Assert.Equal("The capital of France is Paris.", stream.GetProperty("text").GetString());
        Assert.True(stream.GetProperty("pieces").GetInt32() > 3, "a stream that comes in one piece is none");
    }

    [Theory]
    [MemberData(nameof(ToolCells))]
    public async Task A_function_is_called_and_its_result_becomes_the_answer(string client, string ability)
    {
        var (call, _) = await CellAsync(client, ability);

        Assert.Equal("get_weather", call.GetProperty("name").GetString());
        Assert.Equal("Lisbon", call.GetProperty("arguments").GetProperty("city").GetString());
        Assert.Equal("It is 21 degrees and sunny in Lisbon.", call.GetProperty("answer").GetString());
    }

    [Theory]
    [MemberData(nameof(Clients))]
    public async Task A_structured_answer_follows_the_clients_type(string client)
    {
        var (person, _) = await CellAsync(client, "structured");

        Assert.Equal(["name", "age"], person.EnumerateObject().Select(member => member.Name));
        Assert.Equal("Marta", person.GetProperty("name").GetString());
        Assert.Equal(41, person.GetProperty("age").GetInt32());
    }

    [Theory]
    [MemberData(nameof(ClientsThatEmbed))]
    public async Task Texts_are_embedded(string client)
    {
        var (vectors, _) = await CellAsync(client, "embeddings");

        Assert.Equal(2, vectors.GetArrayLength());
        Assert.Equal(-0.11946, vectors[0][0].GetDouble(), 1e-4); // The model's reference.
        Assert.All(vectors.EnumerateArray(), vector =>
            Assert.InRange(vector.EnumerateArray().Sum(x => x.GetDouble() * x.GetDouble()), 0.999, 1.001));
    }

    [Theory]
    [MemberData(nameof(Clients))]
    public async Task A_wrong_key_and_a_wrong_model_are_the_clients_own_exceptions(string client)
    {
        var (errors, _) = await CellAsync(client, "errors");
        var expected = MatrixClient.All.Single(one => one.Name == client);

        AssertThrown(errors.GetProperty("key"), expected.WrongKey, 401);
        AssertThrown(errors.GetProperty("model"), expected.WrongModel, 404);
        Assert.DoesNotContain("sk-tg-wrong", errors.GetProperty("key").GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Contains("no-such-model", errors.GetProperty("model").GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    private static void AssertThrown(JsonElement thrown, string type, int status) => Assert.Equal(
        (type, status), (thrown.GetProperty("class").GetString(), thrown.GetProperty("status").GetInt32()));

    /// <summary>What a client's ability gave, and the key that the client called with. Fails with what the client threw.</summary>
    private async Task<(JsonElement Result, CreatedKey Key)> CellAsync(string name, string ability)
    {
        var client = MatrixClient.All.Single(one => one.Name == name);
        var (results, key) = await runs.OnceAsync(name, async () =>
        {
            var created = await shared.Running.Internal.CreateKeyAsync(name);
            return (await client.RunAsync(shared.Running.Endpoints.ApiBase, created.Text), created);
        });
        var result = results.GetProperty(ability);
        if (result.ValueKind == JsonValueKind.Object && result.TryGetProperty("thrown", out var thrown))
        {
            Assert.Fail($"{name} threw: {thrown}");
        }

        return (result, key);
    }

    /// <summary>What each client's run gave.</summary>
    public sealed class Runs
    {
        private readonly Dictionary<string, Task<(JsonElement, CreatedKey)>> _runs = [];

        internal Task<(JsonElement Results, CreatedKey Key)> OnceAsync(string client, Func<Task<(JsonElement, CreatedKey)>> run) =>
            _runs.TryGetValue(client, out var known) ? known : _runs[client] = run();
    }
}
