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

    public PromptReading Read(ConversationRequest request, LoadedDecoder decoder, CancellationToken cancellationToken)
    {
        if (!decoder.Model.CanChat)
        {
            return OpenAiError.ModelNotForEndpoint(decoder.Name, Endpoint);
        }

        TemplateMessage[] messages = [.. request.Messages.Select(ToTemplate)];
        var chat = ReadChat(messages, request.Tools?.Definitions ?? [], request.MessagesMember, decoder, cancellationToken);
        return Continue(chat, request.Prefill, decoder);
    }

    public PromptReading Read(CompletionRequest request, LoadedDecoder decoder, CancellationToken cancellationToken)
    {
        if (request.Suffix is { } suffix)
        {
            return decoder.Model.Infill is null
                ? OpenAiError.UnsupportedParameter(
                    "suffix", $"cannot be used with the model '{decoder.Name}': its vocabulary has no tokens for a gap in a text")
                : new PromptReading.Ids([.. request.Prompts.Select(prompt => decoder.Model.EncodeInfill(prompt, suffix).ToArray())]);
        }

        var prompts = new List<int[]>(request.Prompts.Count);
        foreach (var prompt in request.Prompts)
        {
            switch (ReadOne(prompt, decoder, raw: request.ReadsRaw, cancellationToken))
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

    /// <summary>Adds what the assistant has said of its answer already, where that answer begins. The model then stands where it would
    /// stand had it generated this text itself, whatever the template makes of the assistant's messages.</summary>
    private static PromptReading Continue(PromptReading chat, string? prefill, LoadedDecoder decoder)
    {
        if (prefill is null || chat is not PromptReading.Ids { Prompts: [var prompt] })
        {
            return chat;
        }

        List<int> ids = [.. prompt];
        decoder.Model.Tokenizer.Encode(prefill, allowSpecial: false, ids);
        return new PromptReading.Ids([[.. ids]]);
    }

    /// <summary>Token ids are fed as they are.</summary>
    /// <param name="raw">Whether a text is read unchanged by every model.</param>
    private PromptReading ReadOne(PromptInput prompt, LoadedDecoder decoder, bool raw, CancellationToken cancellationToken) =>
        prompt.TokenIds is { } given ? new PromptReading.Ids([[.. given]])
        : decoder.Model.Measure.Completions == LegacyPrompts.Chat && !raw
            ? ReadChat([new TemplateMessage("user", prompt.Text!)], [], "prompt", decoder, cancellationToken)
            : new PromptReading.Ids([[.. decoder.Model.EncodePrompt(prompt.Text!)]]);

    /// <param name="member">The request's member that is blamed where the client is at fault.</param>
    private PromptReading ReadChat(
        IReadOnlyList<TemplateMessage> messages, IReadOnlyList<ToolDefinition> tools, string member, LoadedDecoder decoder,
        CancellationToken cancellationToken)
    {
        try
        {
            return new PromptReading.Ids([[.. decoder.Model.EncodeChat(messages, tools, cancellationToken)]]);
        }
        catch (TemplateException exception) when (exception.RaisedByTemplate)
        {
            // The template's author speaks about the conversation, such as the order of its roles.
            return OpenAiError.UnsupportedParameter(member, $"cannot be used so with the model '{decoder.Name}': {exception.Message}");
        }
        catch (TemplateException exception)
        {
            return FindTooLong(messages, tools, member, decoder) ?? Fail(decoder, exception);
        }
    }

    private static TemplateMessage ToTemplate(ChatMessage message) => new(message.Role, message.Content, message.Name)
    {
        Calls = message.Calls,
        CallId = message.CallId,
    };

    /// <summary>
    /// A chat that does not fit the model in any case may pass a limit of the template's rendering: that is the client's error.
    /// </summary>
    private static OpenAiError? FindTooLong(
        IReadOnlyList<TemplateMessage> messages, IReadOnlyList<ToolDefinition> tools, string member, LoadedDecoder decoder)
    {
        var ids = new List<int>();
        foreach (var text in messages.Select(message => message.Content)
            .Concat(messages.SelectMany(message => message.Calls.Select(call => call.Arguments)))
            .Concat(tools.Select(tool => tool.Description ?? "")))
        {
            decoder.Model.Tokenizer.Encode(text, allowSpecial: false, ids);
        }

        var most = decoder.Scheduler.MaxLength;
        return ids.Count + messages.Count > most
            ? OpenAiError.ContextLengthExceeded(most, ids.Count + messages.Count, 0, member) : null;
    }

    /// <summary>Notes what came of a call in an answer.</summary>
    /// <param name="outcome">As of <see cref="InferenceMetrics.Called"/>.</param>
    public void NoteCall(LoadedDecoder decoder, Guid request, string outcome)
    {
        metrics.Called(decoder.Name, outcome);
        if (outcome is "unknown" or "broken")
        {
            Log.CallIsText(logger, decoder.Name, request, outcome);
        }
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

        [LoggerMessage(2, LogLevel.Information,
            "An answer of model {Model} to request {Request} has what looks like a call and is none ({Reason}): it stays text.")]
        public static partial void CallIsText(ILogger logger, string model, Guid request, string reason);
    }
}
