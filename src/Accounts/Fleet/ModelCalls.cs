using System.Text.Json;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.OpenAi;
using Tollgate.Contracts.Tensors;
using Tollgate.Contracts.Workers;

namespace Tollgate.Accounts.Fleet;

/// <summary>Shell commands that try a model: one for each endpoint that uses it.</summary>
internal static class ModelCalls
{
    /// <summary>Stands for the model's name.</summary>
    private const string Model = "MODEL";

    private const string Version = "/v1";

    /// <summary>Most elements of a call with tensors.</summary>
    private const int MostShown = 64;

    private const string ToPicture =
        """ | grep -o '"b64_json":"[^"]*' | head -n 1 | cut -d '"' -f 4 | base64 -d > picture.png""";

    /// <summary>What follows the address, without headers: a query, a body of JSON, or the parts of a form. Translations are not among
    /// them: a card does not tell whether its model knows several languages.</summary>
    private static readonly Dictionary<PublicEndpoint, (string Query, string Body, string After)> Examples = new()
    {
        [PublicEndpoint.ChatCompletions] = Json("\"messages\": [{\"role\": \"user\", \"content\": \"Say hello.\"}]"),
        [PublicEndpoint.Messages] = Json("\"max_tokens\": 40, \"messages\": [{\"role\": \"user\", \"content\": \"Say hello.\"}]"),
        [PublicEndpoint.Completions] = Json("\"prompt\": \"Once upon a time\", \"max_tokens\": 40"),
        [PublicEndpoint.Responses] = Json("\"input\": \"Say hello.\""),
        [PublicEndpoint.Embeddings] = Json("\"input\": [\"The plane was late\"]"),
        [PublicEndpoint.Rerank] = Json(
            "\"query\": \"How do I change my password?\", \"documents\": [\"Invoices are sent monthly.\", \"Open Settings.\"]"),
        [PublicEndpoint.Classifications] = Json("\"input\": \"I love machine learning\", \"return_all_scores\": true"),
        [PublicEndpoint.Predict] = ($"?model={Model}", "-d '{\"data\": \"I love machine learning\"}'", ""),
        [PublicEndpoint.Moderations] = Json("\"input\": \"I hate machine learning\""),
        [PublicEndpoint.ImageClassifications] = ("", $"-F model={Model} -F image=@picture.jpg", ""),
        [PublicEndpoint.ImageDetections] = ("", $"-F model={Model} -F image=@picture.jpg", ""),
        [PublicEndpoint.ImageOcr] = ("", $"-F model={Model} -F image=@picture.jpg", ""),
        [PublicEndpoint.AudioTranscriptions] = ("", $"-F model={Model} -F file=@speech.wav", ""),
        [PublicEndpoint.Tensors] = default, // Made of the model's inputs.
        [PublicEndpoint.ImageGenerations] = Json("\"prompt\": \"a red house on green grass\"") with { After = ToPicture },
    };

    /// <summary>The calls of a model, each with the endpoint's name.</summary>
    /// <param name="apiUrl">Base address with <c>/v1</c>.</param>
    public static IEnumerable<(string Label, string Command)> Of(ModelCard card, string apiUrl) =>
        from endpoint in PublicEndpoint.All
        where Shows(endpoint) && IsFor(endpoint, card)
        select (endpoint.Label, endpoint == PublicEndpoint.Tensors ? WriteTensors(card, apiUrl) : Write(endpoint, card.Name, apiUrl));

    /// <summary>Whether there is a call of an endpoint.</summary>
    public static bool Shows(PublicEndpoint endpoint) => Examples.ContainsKey(endpoint);

    /// <summary>Whether an endpoint uses a model.</summary>
    public static bool IsFor(PublicEndpoint endpoint, ModelCard card) =>
        (endpoint.Task?.Name == card.Task && (endpoint != PublicEndpoint.Moderations || card.Moderates))
        || (endpoint == PublicEndpoint.Rerank && card.Task == ModelTask.Embeddings.Name);

    /// <summary>A call with zeros, or of a model that reads much the question what it reads.</summary>
    private static string WriteTensors(ModelCard card, string apiUrl)
    {
        var model = $"{apiUrl[..^Version.Length]}/v2/models/{card.Name}";
        const string Key = "-H \"Authorization: Bearer $TOLLGATE_API_KEY\"";
        var inputs = card.Tensors?.Inputs.Select(input =>
        {
            long[] shape = [.. input.Shape.Select(length => Math.Max(length, 1))];
            return (Spec: input, Shape: shape, Elements: shape.Aggregate(1L, TensorSignature.Multiply));
        }).ToArray();
        if (inputs is null || inputs.Sum(input => input.Elements) > MostShown)
        {
            return $"curl '{model}' \\\n  {Key}";
        }

        // Encoded as for a page, so that a name ends neither its text nor the shell's.
        var tensors = inputs.Select(input =>
            $"{{\"name\": \"{JsonEncodedText.Encode(input.Spec.Name)}\", \"datatype\": \"{input.Spec.Datatype}\", "
            + $"\"shape\": [{string.Join(", ", input.Shape)}], "
            + $"\"data\": [{string.Join(", ", Enumerable.Repeat(Zero(input.Spec), (int)input.Elements))}]}}");
        return $"curl '{model}/infer' \\\n  {Key} \\\n  -H 'Content-Type: application/json' \\\n  "
            + $"-d '{{\"inputs\": [{string.Join(", ", tensors)}]}}'";
    }

    private static string Zero(TensorSpec input) => input.Datatype switch
    {
        "BYTES" => "\"text\"",
        "BOOL" => "false",
        _ => "0",
    };

    private static string Write(PublicEndpoint endpoint, string model, string apiUrl)
    {
        var (query, body, after) = Examples[endpoint];
        var path = endpoint.Paths.First(one => one.StartsWith(Version, StringComparison.Ordinal))[Version.Length..];
        var type = body.StartsWith("-d", StringComparison.Ordinal) ? " \\\n  -H 'Content-Type: application/json'" : "";
        var command = $"curl '{apiUrl}{path}{query}' \\\n  -H \"Authorization: Bearer $TOLLGATE_API_KEY\"{type} \\\n  {body}{after}";
        return command.Replace(Model, model, StringComparison.Ordinal);
    }

    private static (string Query, string Body, string After) Json(string members) =>
        ("", $"-d '{{\"model\": \"{Model}\", {members}}}'", "");
}
