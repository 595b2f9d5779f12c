using System.ClientModel;
using System.Text.Json;
using OpenAI.Responses;

namespace Tollgate.DotNetClients;

/// <summary>The official .NET client on <c>/v1/responses</c>.</summary>
internal static class OpenAiResponses
{
    private static readonly FunctionTool Tool = ResponseTool.CreateFunctionTool(
        Scene.ToolName, Scene.ToolParameters, strictModeEnabled: true, Scene.ToolDescription);

    public static Abilities Abilities() => new()
    {
        ["chat"] = async () =>
        {
            var answer = (await Client().CreateResponseAsync(Ask(Scene.Question))).Value;
            return new Answer(answer.GetOutputText(), answer.Usage.InputTokenCount, answer.Usage.OutputTokenCount);
        },
        ["stream"] = async () => await Streamed.ReadAsync(
            StreamOf(Ask(Scene.Question))
                .Select(update => update is StreamingResponseOutputTextDeltaUpdate piece ? piece.Delta : null)),
        ["tools"] = async () =>
        {
            var options = Ask(Scene.ToolQuestion, Tool);
            options.ToolChoice = ResponseToolChoice.CreateRequiredChoice();
            return await AnswerOfAsync((await Client().CreateResponseAsync(options)).Value);
        },
        ["streamedTools"] = async () =>
        {
            var options = Ask(Scene.ToolQuestion, Tool);
            options.ToolChoice = ResponseToolChoice.CreateFunctionChoice(Scene.ToolName);
            var updates = await StreamOf(options).ToListAsync();
            return await AnswerOfAsync(updates.OfType<StreamingResponseCompletedUpdate>().Single().Response);
        },
        ["structured"] = async () =>
        {
            var options = Ask(Scene.PersonText);
            options.TextOptions = new ResponseTextOptions
            {
                TextFormat = ResponseTextFormat.CreateJsonSchemaFormat("person", Scene.PersonSchema, jsonSchemaIsStrict: true),
            };
            var answer = (await Client().CreateResponseAsync(options)).Value;
            return JsonSerializer.Deserialize<Person>(answer.GetOutputText(), JsonSerializerOptions.Web)!;
        },
        ["errors"] = async () => new Errors(
            await Thrown.ByAsync(() => Client(Scene.WrongKey).CreateResponseAsync(Ask(Scene.Question))),
            await Thrown.ByAsync(
                () => Client().CreateResponseAsync(Scene.WrongModel, [ResponseItem.CreateUserMessageItem(Scene.Question)]))),
    };

    private static ResponsesClient Client(string? key = null)
    {
        var options = Scene.Options();
        return new ResponsesClient(
            Scene.Credential(key), new ResponsesClientOptions { Endpoint = options.Endpoint, RetryPolicy = options.RetryPolicy });
    }

    private static AsyncCollectionResult<StreamingResponseUpdate> StreamOf(CreateResponseOptions options)
    {
        options.StreamingEnabled = true;
        return Client().CreateResponseStreamingAsync(options);
    }

    /// <summary>Sends the result of an answer's call to the answer that is kept.</summary>
    private static async Task<Called> AnswerOfAsync(ResponseResult first)
    {
        var call = first.OutputItems.OfType<FunctionCallResponseItem>().Single();
        var options = new CreateResponseOptions(Scene.ChatModel, [ResponseItem.CreateFunctionCallOutputItem(call.CallId, Scene.Report)])
        {
            PreviousResponseId = first.Id, Temperature = 0, MaxOutputTokenCount = Scene.MaxTokens,
        };
        options.Tools.Add(Tool);
        var answer = (await Client().CreateResponseAsync(options)).Value;
        return new Called(call.FunctionName, JsonElement.Parse(call.FunctionArguments.ToString()), answer.GetOutputText());
    }

    private static CreateResponseOptions Ask(string question, FunctionTool? tool = null)
    {
        var options = new CreateResponseOptions(Scene.ChatModel, [ResponseItem.CreateUserMessageItem(question)])
        {
            Temperature = 0, MaxOutputTokenCount = Scene.MaxTokens,
        };
        if (tool is not null)
        {
            options.Tools.Add(tool);
        }

        return options;
    }
}
