using System.Text.Json;
using System.Text.Json.Nodes;
using Tollgate.Accounts.Portal;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.OpenAi;
using Tollgate.Contracts.Tensors;
using Tollgate.Contracts.Workers;

namespace Tollgate.Accounts.Fleet;

/// <summary>Calls that try a model, for the shell and for the official clients: one for each endpoint that uses it.</summary>
internal static class ModelCalls
{
    /// <summary>Stands for the model's name.</summary>
    private const string Model = "MODEL";

    private const string Version = "/v1";

    /// <summary>Most elements of a call with tensors.</summary>
    private const int MostShown = 64;

    private const string ToPicture =
        """ | grep -o '"b64_json":"[^"]*' | head -n 1 | cut -d '"' -f 4 | base64 -d > picture.png""";

    /// <summary>What a call of each endpoint has, and how the official client makes it. Translations are not among them: a card does not
    /// tell whether its model knows several languages.</summary>
    private static readonly Dictionary<PublicEndpoint, ModelExample> Examples = new()
    {
        [PublicEndpoint.ChatCompletions] = Json(
            "\"messages\": [{\"role\": \"user\", \"content\": \"Say hello.\"}]",
            "chat.completions.create", ".choices[0].message.content"),
        [PublicEndpoint.Messages] = Json("\"max_tokens\": 40, \"messages\": [{\"role\": \"user\", \"content\": \"Say hello.\"}]"),
        [PublicEndpoint.Completions] = Json(
            "\"prompt\": \"Once upon a time\", \"max_tokens\": 40", "completions.create", ".choices[0].text"),
        [PublicEndpoint.Responses] = Json("\"input\": \"Say hello.\"", "responses.create", ".output_text"),
        [PublicEndpoint.Embeddings] = Json("\"input\": [\"The plane was late\"]", "embeddings.create", ".data[0].embedding"),
        [PublicEndpoint.Rerank] = Json(
            "\"query\": \"How do I change my password?\", \"documents\": [\"Invoices are sent monthly.\", \"Open Settings.\"]"),
        [PublicEndpoint.Classifications] = Json("\"input\": \"I love machine learning\", \"return_all_scores\": true"),
        [PublicEndpoint.Predict] = new("{\"data\": \"I love machine learning\"}", Query: $"?model={Model}"),
        [PublicEndpoint.Moderations] = Json("\"input\": \"I hate machine learning\"", "moderations.create", ".results[0].categories"),
        [PublicEndpoint.ImageClassifications] = Form("image", "picture.jpg"),
        [PublicEndpoint.ImageDetections] = Form("image", "picture.jpg"),
        [PublicEndpoint.ImageOcr] = Form("image", "picture.jpg"),
        [PublicEndpoint.AudioTranscriptions] = Form("file", "speech.wav") with { Method = "audio.transcriptions.create", Result = ".text" },
        [PublicEndpoint.Tensors] = new("{}"), // Made of the model's inputs.
        [PublicEndpoint.ImageGenerations] = Json("\"prompt\": \"a red house on green grass\"", "images.generate", ".data[0].b64_json")
            with { After = ToPicture },
    };

    /// <summary>The calls of a model, each with the endpoint's name.</summary>
    /// <param name="apiUrl">Base address with <c>/v1</c>.</param>
    public static IEnumerable<(string Label, string Command)> Of(ModelCard card, string apiUrl) =>
        from endpoint in PublicEndpoint.All
        where Shows(endpoint) && IsFor(endpoint, card)
        select (endpoint.Label, endpoint == PublicEndpoint.Tensors ? WriteTensors(card, apiUrl) : Write(endpoint, card.Name, apiUrl));

    /// <summary>The same calls with the official clients.</summary>
    public static IEnumerable<(string Label, string Python, string Node)> OfClients(ModelCard card, string apiUrl)
    {
        var writer = new ClientExamples(apiUrl, keyText: null);
        return
            from endpoint in PublicEndpoint.All
            where Shows(endpoint) && IsFor(endpoint, card)
            let call = endpoint == PublicEndpoint.Tensors ? FindTensorsCall(card, apiUrl) : Examples[endpoint].ToCall(endpoint, card.Name)
            where call is not null
            select (endpoint.Label, writer.WritePython(call), writer.WriteNode(call));
    }

    /// <summary>Whether there is a call of an endpoint.</summary>
    public static bool Shows(PublicEndpoint endpoint) => Examples.ContainsKey(endpoint);

    /// <summary>Whether an endpoint uses a model.</summary>
    public static bool IsFor(PublicEndpoint endpoint, ModelCard card) =>
        (endpoint.Task?.Name == card.Task && (endpoint != PublicEndpoint.Moderations || card.Moderates))
        || (endpoint == PublicEndpoint.Rerank && card.Task == ModelTask.Embeddings.Name);

    /// <summary>A call with zeros, or of a model that reads much the question what it reads.</summary>
    private static string WriteTensors(ModelCard card, string apiUrl)
    {
        const string Key = "-H \"Authorization: Bearer $TOLLGATE_API_KEY\"";
        return WriteTensorsBody(card) is not { } body
            ? $"curl '{AddressOf(card, apiUrl)}' \\\n  {Key}"
            : $"curl '{AddressOf(card, apiUrl)}/infer' \\\n  {Key} \\\n  -H 'Content-Type: application/json' \\\n  -d '{body}'";
    }

    private static ClientCall? FindTensorsCall(ModelCard card, string apiUrl) => WriteTensorsBody(card) is { } body
        ? new ClientCall(Method: null, $"{AddressOf(card, apiUrl)}/infer", JsonNode.Parse(body)!.AsObject()) : null;

    private static string AddressOf(ModelCard card, string apiUrl) => $"{apiUrl[..^Version.Length]}/v2/models/{card.Name}";

    /// <summary>A body with zeros; null for a model that reads much, or whose inputs are not known.</summary>
    private static string? WriteTensorsBody(ModelCard card)
    {
        var inputs = card.Tensors?.Inputs.Select(input =>
        {
            long[] shape = [.. input.Shape.Select(length => Math.Max(length, 1))];
            return (Spec: input, Shape: shape, Elements: shape.Aggregate(1L, TensorSignature.Multiply));
        }).ToArray();
        if (inputs is null || inputs.Sum(input => input.Elements) > MostShown)
        {
            return null;
        }

        // Encoded as for a page, so that a name ends neither its text nor the shell's.
        var tensors = inputs.Select(input =>
            $"{{\"name\": \"{JsonEncodedText.Encode(input.Spec.Name)}\", \"datatype\": \"{input.Spec.Datatype}\", "
            + $"\"shape\": [{string.Join(", ", input.Shape)}], "
            + $"\"data\": [{string.Join(", ", Enumerable.Repeat(Zero(input.Spec), (int)input.Elements))}]}}");
        return $"{{\"inputs\": [{string.Join(", ", tensors)}]}}";
    }

    private static string Zero(TensorSpec input) => input.Datatype switch
    {
        "BYTES" => "\"text\"",
        "BOOL" => "false",
        _ => "0",
    };

    private static string Write(PublicEndpoint endpoint, string model, string apiUrl)
    {
        var example = Examples[endpoint];
        var (type, body) = example.File is { } file
            ? ("", $"-F model={Model} -F {file.Part}=@{file.Name}")
            : (" \\\n  -H 'Content-Type: application/json'", $"-d '{example.Body}'");
        var command = $"curl '{apiUrl}{ModelExample.PathOf(endpoint)}{example.Query}' \\\n"
            + $"  -H \"Authorization: Bearer $TOLLGATE_API_KEY\"{type} \\\n  {body}{example.After}";
        return command.Replace(Model, model, StringComparison.Ordinal);
    }

    private static ModelExample Json(string members, string? method = null, string result = "") =>
        new($"{{\"model\": \"{Model}\", {members}}}", Method: method, Result: result);

    private static ModelExample Form(string part, string name) => new($"{{\"model\": \"{Model}\"}}", File: (part, name));

    /// <summary>An example of an endpoint.</summary>
    /// <param name="Body">The request's members as JSON; of a form those beside its file.</param>
    /// <param name="Query">Follows the path.</param>
    /// <param name="After">Follows the command of the shell.</param>
    /// <param name="File">Part of a form, and the file that is its content.</param>
    /// <param name="Method">Of the official clients; null where they have none.</param>
    /// <param name="Result">What of the client's answer is printed.</param>
    private sealed record ModelExample(
        string Body, string Query = "", string After = "", (string Part, string Name)? File = null, string? Method = null,
        string Result = "")
    {
        /// <summary>What follows the base address.</summary>
        public static string PathOf(PublicEndpoint endpoint) =>
            endpoint.Paths.First(one => one.StartsWith(Version, StringComparison.Ordinal))[Version.Length..];

        public ClientCall ToCall(PublicEndpoint endpoint, string model) => new(
            Method, (PathOf(endpoint) + Query).Replace(Model, model, StringComparison.Ordinal),
            JsonNode.Parse(Body.Replace(Model, model, StringComparison.Ordinal))!.AsObject(), Result, File);
    }
}
