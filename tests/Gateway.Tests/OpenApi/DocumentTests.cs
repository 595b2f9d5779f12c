using System.Text.Json;
using Microsoft.OpenApi;
using Tollgate.Contracts.Anthropic;
using Tollgate.Contracts.OpenAi;
using Tollgate.Contracts.Responses;
using Tollgate.Contracts.Tensors;
using Tollgate.Gateway.Endpoints;
using Tollgate.Gateway.Tests.Calls;
using Tollgate.Gateway.Tests.Harness;
using Tollgate.ServiceDefaults.Hosting;
using Tollgate.Testing;

namespace Tollgate.Gateway.Tests.OpenApi;

/// <summary>The API's document states what the gateway takes and sends, and nothing else.</summary>
public sealed class DocumentTests(SharedGateway shared) : IClassFixture<SharedGateway>
{
    private const string Path = "/openapi/v1.json";

    /// <summary>Each object that a parser reads member by member, with the schema that describes it.</summary>
    private static readonly Dictionary<string, MemberNames> Parsers = new(StringComparer.Ordinal)
    {
        ["ChatCompletionRequest"] = ChatRequest.Members,
        ["ChatCompletionMessage"] = ChatMessages.MessageNames,
        ["ChatContentPart"] = ChatMessages.PartNames,
        ["ChatResponseFormat"] = OutputFormats.FormatNames,
        ["ChatJsonSchema"] = OutputFormats.SchemaNames,
        ["StructuredOutputs"] = OutputFormats.StructuredNames,
        ["ChatTool"] = ChatTools.ToolNames,
        ["ChatFunction"] = ChatTools.FunctionNames,
        ["ChatToolChoice"] = ChatTools.ChoiceNames,
        ["ChatAllowedTools"] = ChatTools.AllowedNames,
        ["ChatAllowedTool"] = ChatTools.AllowedToolNames,
        ["ChatFunctionName"] = ChatTools.NamedNames,
        ["ChatToolCall"] = ChatMessages.CallNames,
        ["ChatFunctionCall"] = ChatMessages.FunctionNames,
        ["StreamOptions"] = SharedMembers.StreamOptionNames,
        ["MessagesRequestBody"] = MessagesRequest.Members,
        ["CountTokensRequestBody"] = CountTokensRequest.Members,
        ["MessagesMessage"] = MessageTexts.MessageNames,
        ["MessagesToolChoice"] = MessagesTools.ChoiceNames,
        ["MessagesThinking"] = MessagesHints.ThinkingNames,
        ["MessagesOutputConfig"] = MessagesMembers.OutputNames,
        ["MessagesOutputFormat"] = MessagesMembers.FormatNames,
        ["MessagesCacheControl"] = MessagesHints.CacheNames,
        ["MessagesMetadata"] = MessagesRequest.MetadataNames,
        ["ResponseRequestBody"] = ResponsesRequest.Members,
        ["ResponseInputItem"] = ResponseItems.ItemNames,
        ["ResponseContentPart"] = ResponseItems.PartNames,
        ["ResponseTextBody"] = ResponseText.TextNames,
        ["ResponseTextFormat"] = OutputFormats.FlatNames,
        ["ResponseTool"] = ResponseTools.ToolNames,
        ["ResponseToolChoice"] = ResponseTools.ChoiceNames,
        ["ResponseAllowedTool"] = ResponseTools.AllowedNames,
        ["ResponseReasoningBody"] = ResponseHints.ReasoningNames,
        ["CompletionRequestBody"] = CompletionRequest.Members,
        ["EngineCompletionRequestBody"] = CompletionRequest.Members,
        ["EmbeddingRequestBody"] = EmbeddingRequest.Members,
        ["RerankRequestBody"] = RerankRequest.Members,
        ["ClassificationRequestBody"] = ClassificationRequest.Members,
        ["PredictRequestBody"] = PredictRequest.Members,
        ["ExplanationOptions"] = ExplanationRequest.Names,
        ["ModerationRequestBody"] = ModerationRequest.Members,
        ["ModerationTextPart"] = ModerationInputs.PartNames,
        ["ModerationImagePart"] = ModerationInputs.PartNames,
        ["ModerationImageUrl"] = ModerationInputs.ImageNames,
        ["ImageClassificationRequestBody"] = ImageClassificationRequest.Members,
        ["ImageDetectionRequestBody"] = ImageDetectionRequest.Members,
        ["ImageOcrRequestBody"] = ImageOcrRequest.Members,
        ["TranscriptionForm"] = TranscriptionRequest.TranscriptionMembers,
        ["TranslationForm"] = TranscriptionRequest.TranslationMembers,
        ["ImageGenerationRequestBody"] = ImageGenerationRequest.Members,
        ["InferRequestBody"] = InferRequest.Members,
        ["InferInputBody"] = InferRequest.InputMembers,
        ["InferOutputBody"] = InferRequest.OutputMembers,
        ["InferParametersBody"] = InferRequest.ParameterMembers,
        ["InferInputParametersBody"] = InferRequest.InputParameterMembers,
        ["InferOutputParametersBody"] = InferRequest.OutputParameterMembers,
        ["FileRequestForm"] = new MemberNames([.. FileParts.All]),
        ["UploadRequestBody"] = UploadRequest.Members,
        ["FileExpiryBody"] = FileExpiryReader.Members,
        ["BatchRequestBody"] = BatchRequest.Members,
        ["DeploymentRequestBody"] = DeploymentRequest.Members,
        ["DeploymentMinimumBody"] = DeploymentRequest.MinimumMembers,
        ["UploadCompletionBody"] = UploadCompletion.Members,
        ["FineTuningJobRequestBody"] = FineTuningJobRequest.Members,
        ["TrainingMethodBody"] = TrainingChoice.MethodMembers,
        ["MethodSettingsBody"] = TrainingChoice.SettingsMembers,
        ["HyperparametersBody"] = TrainingChoice.NumberMembers,
        ["TrainingBudgetBody"] = FineTuningJobRequest.BudgetMembers,
        ["FederatedRequestBody"] = FederatedRequest.Members,
        ["FederatedBaseBody"] = FederatedRequest.BaseMembers,
        ["FederatedParticipantBody"] = FederatedRequest.ParticipantMembers,
        ["FederatedNumbersBody"] = FederatedRequest.NumberMembers,
        ["FederatedMessageBody"] = FederatedMessageRequest.Members,
    };

    public static TheoryData<string> ParsedObjects => [.. Parsers.Keys];

    private GatewayUnderTest Gateway => shared.Gateway;

    [Fact]
    public async Task An_openapi_reader_finds_no_fault_in_it_and_it_needs_no_key()
    {
        var read = OpenApiDocument.Parse(await Gateway.Http.GetStringAsync(Path), "json");

        Assert.Empty(read.Diagnostic!.Errors);
        Assert.Empty(read.Diagnostic.Warnings);
        Assert.Equal(OpenApiSpecVersion.OpenApi3_1, read.Diagnostic.SpecificationVersion);
        Assert.Equal("bearer", Assert.Single(read.Document!.Security!.Single()).Key.Reference.Id);
    }

    [Fact]
    public async Task Its_operations_are_those_of_the_endpoint_table()
    {
        var document = await ReadAsync();

        var described = from path in document.Paths from operation in path.Value.Operations! select $"{operation.Key} {path.Key}";
        var served = from endpoint in EndpointTable.All from route in endpoint.Api.Routes
                     select $"{route.Method} {route.Path.Replace("{*", "{", StringComparison.Ordinal)}";

        Assert.Equal(served.Order(StringComparer.Ordinal), described.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Every_operation_has_a_name_descriptions_examples_and_the_errors_of_every_call()
    {
        foreach (var operation in Operations(await ReadAsync()))
        {
            Assert.False(string.IsNullOrEmpty(operation.OperationId));
            Assert.False(string.IsNullOrEmpty(operation.Summary));
            Assert.False(string.IsNullOrEmpty(operation.Description));
            Assert.Single(operation.Tags!);
            Assert.All(operation.Parameters ?? [], parameter => Assert.False(string.IsNullOrEmpty(parameter.Description)));
            Assert.All(
                operation.RequestBody?.Content?.Where(body => body.Key != RequestForm.MediaType) ?? [],
                body => Assert.NotEmpty(body.Value.Examples!));
            Assert.All(operation.Responses!["200"].Content!.Values, body => Assert.NotNull(body.Example));
            var needsKey = operation.OperationId is not ("isServerLive" or "isServerReady");
            Assert.Equal(needsKey, operation.Security is not [{ Count: 0 }]);
            string[] errors = needsKey ? ["401", "403", "429", "500", "503"] : ["500", "503"];
            Assert.Superset(new HashSet<string>(errors.Append("200")), operation.Responses.Keys.ToHashSet());
            Assert.All(operation.Responses.Values, response => Assert.Contains("x-request-id", response.Headers!.Keys));
        }
    }

    [Theory]
    [InlineData("/v1/chat/completions", "ChatCompletionChunk")]
    [InlineData("/v1/messages", "MessageEvent")]
    [InlineData("/v1/responses", "ResponseEventBody")]
    [InlineData("/v1/completions", "CompletionChunk")]
    [InlineData("/v1/engines/{engine}/completions", "CompletionChunk")]
    [InlineData("/v1/audio/transcriptions", "TranscriptionEvent")]
    [InlineData("/v1/images/generations", "ImageEvent")]
    public async Task A_stream_has_the_schema_of_its_chunks(string path, string chunk)
    {
        var response = (await ReadAsync()).Paths[path].Operations![HttpMethod.Post].Responses!["200"];

        Assert.Equal(chunk, ((OpenApiSchemaReference)response.Content!["text/event-stream"].Schema!).Reference.Id);
        Assert.Equal(2, response.Content.Count);
    }

    [Theory]
    [MemberData(nameof(ParsedObjects))]
    public async Task A_request_shows_each_member_that_its_parser_knows_and_no_other(string schema)
    {
        var described = (await ReadAsync()).Components!.Schemas![schema];

        Assert.Equal(Parsers[schema].All.Order(StringComparer.Ordinal), described.Properties!.Keys.Order(StringComparer.Ordinal));
        Assert.False(described.AdditionalPropertiesAllowed);
    }

    [Fact]
    public async Task Numbers_are_plain_numbers()
    {
        using var document = JsonDocument.Parse(await Gateway.Http.GetStringAsync(Path));

        var types = Objects(document.RootElement.GetProperty("components").GetProperty("schemas"))
            .Where(schema => schema.TryGetProperty("type", out var type) && type.ValueKind == JsonValueKind.Array)
            .Select(schema => schema.GetProperty("type").EnumerateArray().Select(type => type.GetString()).ToList()).ToList();

        Assert.NotEmpty(types);
        Assert.All(types, type => Assert.False((type.Contains("integer") || type.Contains("number")) && type.Contains("string")));
        Assert.DoesNotContain("\"pattern\":\"^-", document.RootElement.GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_example_fits_the_schema_beside_it()
    {
        var text = await Gateway.Http.GetStringAsync(Path);
        var (schemas, document) = (new BodySchemas(text), OpenApiDocument.Parse(text, "json").Document!);

        var bodies = from operation in Operations(document)
                     from content in operation.Responses!.Values.SelectMany(response => response.Content!)
                         .Concat(operation.RequestBody?.Content ?? new Dictionary<string, OpenApiMediaType>())
                     from example in ExamplesOf(content.Value)
                     from data in content.Key == "text/event-stream" ? Data(example.GetString()!) : [example]
                     select schemas.Faults(((OpenApiSchemaReference)content.Value.Schema!).Reference.Id!, data);

        Assert.Equal("", string.Concat(bodies));
    }

    [Fact]
    public async Task Its_address_is_the_one_that_a_trusted_proxy_forwards()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(settings: "--Proxies:Trusted=127.0.0.1");

        Assert.Equal("http://x", await AddressAsync(gateway, "x", "", ""));
        Assert.Equal("https://x", await AddressAsync(gateway, "x", "https", ""));
        Assert.Equal("https://api.example.com", await AddressAsync(gateway, "x:81", "https", "api.example.com"));
        Assert.Equal(
            "https://api.example.com:8443", await AddressAsync(gateway, "x", "http, https", "outer.example, api.example.com:8443"));
        Assert.Equal("http://x", await AddressAsync(gateway, "x", "ftp", "a/b"));
        Assert.Equal("https://x", await AddressAsync(gateway, "x", "https", "user@evil.example"));
    }

    [Fact]
    public async Task Its_address_is_the_requests_own_without_a_trusted_proxy()
    {
        Assert.Equal("http://x:81", await AddressAsync(Gateway, "x:81", "https", "api.example.com"));
        Assert.Equal(
            Gateway.App.Url(ListenerKind.Public),
            OpenApiDocument.Parse(await Gateway.Http.GetStringAsync(Path), "json").Document!.Servers!.Single().Url);
    }

    private static async Task<string?> AddressAsync(GatewayUnderTest gateway, string host, string scheme, string forwardedHost)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, Path) { Headers = { Host = host } };
        request.Headers.Add("X-Forwarded-Proto", scheme);
        request.Headers.Add("X-Forwarded-Host", forwardedHost);
        using var response = await gateway.Http.SendAsync(request);
        return OpenApiDocument.Parse(await response.Content.ReadAsStringAsync(), "json").Document!.Servers!.Single().Url;
    }

    private async Task<OpenApiDocument> ReadAsync() => OpenApiDocument.Parse(await Gateway.Http.GetStringAsync(Path), "json").Document!;

    private static IEnumerable<OpenApiOperation> Operations(OpenApiDocument document) =>
        document.Paths.SelectMany(path => path.Value.Operations!.Values);

    private static IEnumerable<JsonElement> ExamplesOf(OpenApiMediaType body) =>
        (body.Examples?.Values.Select(example => example.Value) ?? []).Append(body.Example).Where(example => example is not null)
            .Select(example => JsonElement.Parse(example!.ToJsonString()));

    private static IEnumerable<JsonElement> Data(string events) => events.Split('\n')
        .Where(line => line.StartsWith("data: {", StringComparison.Ordinal))
        .Select(line => JsonElement.Parse(line["data: ".Length..]));

    private static IEnumerable<JsonElement> Objects(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => element.EnumerateObject().SelectMany(member => Objects(member.Value)).Prepend(element),
        JsonValueKind.Array => element.EnumerateArray().SelectMany(Objects),
        _ => [],
    };
}
