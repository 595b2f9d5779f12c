using Microsoft.Extensions.Logging;
using Tollgate.Contracts.OpenAi;
using Tollgate.Contracts.Workers;
using Tollgate.Inference.Telemetry;
using Tollgate.Inference.Templates;

namespace Tollgate.Inference.Tasks.Chat;

/// <summary>What the prompts of a request are to the model.</summary>
internal abstract record PromptReading
{
    private PromptReading()
    {
    }

    public static implicit operator PromptReading(OpenAiError error) => new Unreadable(error);

    /// <summary>One list of ids for each prompt.</summary>
    internal sealed record Ids(IReadOnlyList<int[]> Prompts) : PromptReading;

    /// <summary>The error to answer with.</summary>
    internal sealed record Unreadable(OpenAiError Error) : PromptReading;
}

/// <summary>Turns the prompts of a request into the ids that the model is fed.</summary>
internal sealed partial class PromptReader(InferenceMetrics metrics, ILogger<PromptReader> logger)
{
    private const string Endpoint = "v1/chat/completions";

    public PromptReading Read(ChatRequest request, LoadedDecoder decoder, CancellationToken cancellationToken)
    {
        if (!decoder.Model.CanChat)
        {
            return OpenAiError.ModelNotForEndpoint(decoder.Name, Endpoint);
        }

        TemplateMessage[] messages = [.. request.Messages.Select(m => new TemplateMessage(m.Role, m.Content, m.Name))];
        return ReadChat(messages, "messages", decoder, cancellationToken);
    }

    public PromptReading Read(CompletionRequest request, LoadedDecoder decoder, CancellationToken cancellationToken)
    {
        var prompts = new List<int[]>(request.Prompts.Count);
        foreach (var prompt in request.Prompts)
        {
            switch (ReadOne(prompt, decoder, cancellationToken))
            {
                case PromptReading.Ids read:
                    prompts.AddRange(read.Prompts);
                    break;
                case var unreadable:
                    return unreadable;
            }
        }

        return new PromptReading.Ids(prompts);
    }

    /// <summary>Token ids are fed as they are.</summary>
    private PromptReading ReadOne(PromptInput prompt, LoadedDecoder decoder, CancellationToken cancellationToken) =>
        prompt.TokenIds is { } given ? new PromptReading.Ids([[.. given]])
        : decoder.Model.Measure.Completions == LegacyPrompts.Chat
            ? ReadChat([new TemplateMessage("user", prompt.Text!)], "prompt", decoder, cancellationToken)
            : new PromptReading.Ids([[.. decoder.Model.EncodePrompt(prompt.Text!)]]);

    /// <param name="member">The request's member that is blamed where the client is at fault.</param>
    private PromptReading ReadChat(
        IReadOnlyList<TemplateMessage> messages, string member, LoadedDecoder decoder, CancellationToken cancellationToken)
    {
        try
        {
            return new PromptReading.Ids([[.. decoder.Model.EncodeChat(messages, cancellationToken)]]);
        }
        catch (TemplateException exception) when (exception.RaisedByTemplate)
        {
            // The template's author speaks about the conversation, such as the order of its roles.
            return OpenAiError.UnsupportedParameter(member, $"cannot be used so with the model '{decoder.Name}': {exception.Message}");
        }
        catch (TemplateException exception)
        {
            return FindTooLong(messages, member, decoder) ?? Fail(decoder, exception);
        }
    }

    /// <summary>
    /// A chat that does not fit the model in any case may pass a limit of the template's rendering: that is the client's error.
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
