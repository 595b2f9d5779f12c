using Microsoft.Extensions.Logging;
using Tollgate.Contracts.OpenAi;
using Tollgate.Contracts.Workers;
using Tollgate.Inference.Templates;
using TemplateMessage = Tollgate.Inference.Templates.ChatMessage;

namespace Tollgate.Inference.Serving;

/// <summary>Turns the prompts of a request into the ids that the model is fed.</summary>
internal sealed partial class PromptReader(InferenceMetrics metrics, ILogger<PromptReader> logger)
{
    private const string Endpoint = "v1/chat/completions";

    /// <summary>Exactly one of the two is set.</summary>
    public (int[]? Ids, OpenAiError? Error) Read(ChatRequest request, LoadedDecoder decoder, CancellationToken cancellationToken) => decoder.Model.CanChat
        ? ReadChat([.. request.Messages.Select(m => new TemplateMessage(m.Role, m.Content, m.Name))], "messages", decoder, cancellationToken)
        : (null, OpenAiError.ModelNotForEndpoint(decoder.Name, Endpoint));

    /// <summary>One list of ids for each prompt, or an error. Token ids are fed as they are.</summary>
    public (IReadOnlyList<int[]>? Ids, OpenAiError? Error) Read(
        CompletionRequest request, LoadedDecoder decoder, CancellationToken cancellationToken)
    {
        var prompts = new List<int[]>(request.Prompts.Count);
        foreach (var prompt in request.Prompts)
        {
            var (ids, error) = prompt.TokenIds is { } given ? ([.. given], null)
                : decoder.Model.Measure.Completions == LegacyPrompts.Chat
                    ? ReadChat([new TemplateMessage("user", prompt.Text!)], "prompt", decoder, cancellationToken)
                    : ([.. decoder.Model.EncodePrompt(prompt.Text!)], null);
            if (ids is null)
            {
                return (null, error);
            }

            prompts.Add(ids);
        }

        return (prompts, null);
    }

    /// <param name="member">The request's member that is blamed where the client is at fault.</param>
    private (int[]? Ids, OpenAiError? Error) ReadChat(
        IReadOnlyList<TemplateMessage> messages, string member, LoadedDecoder decoder, CancellationToken cancellationToken)
    {
        try
        {
            return ([.. decoder.Model.EncodeChat(messages, cancellationToken)], null);
        }
        catch (TemplateException exception) when (exception.RaisedByTemplate)
        {
            // The template's author speaks about the conversation, such as the order of its roles.
            return (null, OpenAiError.UnsupportedParameter(
                member, $"cannot be used so with the model '{decoder.Name}': {exception.Message}"));
        }
        catch (TemplateException exception)
        {
            return (null, FindTooLong(messages, member, decoder) ?? Fail(decoder, exception));
        }
    }

    /// <summary>
    /// A chat that does not fit the model in any case may pass a limit of the template's rendering: that is the client's.
    /// </summary>
    private static OpenAiError? FindTooLong(IReadOnlyList<TemplateMessage> messages, string member, LoadedDecoder decoder)
    {
        var ids = new List<int>();
        foreach (var message in messages)
        {
            decoder.Model.Tokenizer.Encode(message.Content, allowSpecial: false, ids);
        }

        var most = decoder.Scheduler.MaxLength;
        return ids.Count + messages.Count > most
            ? OpenAiError.ContextLengthExceeded(most, ids.Count + messages.Count, 0, member) : null;
    }

    private OpenAiError Fail(LoadedDecoder decoder, TemplateException exception)
    {
        metrics.Refused(decoder.Name, "template_failed");
        Log.TemplateFailed(logger, decoder.Name, decoder.Version, exception.Message);
        return OpenAiError.TemplateFailed(decoder.Name);
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error,
            "The chat template of model {Model} version {Version} failed for a request, which was not run: {Reason}")]
        public static partial void TemplateFailed(ILogger logger, string model, string version, string reason);
    }
}
