using System.Diagnostics;
using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Generation;
using Tollgate.Inference.Tasks.Chat.Constraints;
using Tollgate.Inference.Tasks.Chat.Tools;

namespace Tollgate.Inference.Tasks.Chat;

/// <summary>Makes the job of a conversation, whatever wire it came by.</summary>
internal static class ConversationJob
{
    /// <param name="idPrefix">Of the answer's id, such as <c>chatcmpl-</c>.</param>
    /// <param name="format">How the wire writes the answer.</param>
    public static PreparedRequest Prepare(
        ConversationRequest request, Func<string, LoadedModel?> find, string idPrefix, Func<AnswerHead, AnswerFormat> format,
        CancellationToken cancellationToken)
    {
        if (find(request.Model) is not LoadedDecoder decoder)
        {
            return OpenAiError.ModelNotFound(request.Model);
        }

        if (GenerationJob.FindUnknownToken(request.Sampling, decoder) is { } unknown)
        {
            return unknown;
        }

        try
        {
            return decoder.Prompts.Read(request, decoder, cancellationToken) switch
            {
                PromptReading.Unreadable unreadable => unreadable.Error,
                PromptReading.Ids read => Make(request, decoder, read.Prompts, idPrefix, format).Check(),
                _ => throw new UnreachableException(),
            };
        }
        catch (AnswerException exception)
        {
            return exception.Error;
        }
    }

    /// <exception cref="AnswerException">The answer cannot be held to what the client wants.</exception>
    private static GenerationJob Make(
        ConversationRequest request, LoadedDecoder decoder, IReadOnlyList<int[]> prompts, string idPrefix,
        Func<AnswerHead, AnswerFormat> format)
    {
        var plan = GenerationJob.MakePlan(request.Sampling, request.Sampling.N, decoder, score: false);
        var calls = request.Tools is { } tools ? new CallChoices(decoder, tools) : null;
        if (AnswerGrammar.IsNeeded(request))
        {
            var left = Math.Min(plan.MaxOutput, decoder.Scheduler.MaxLength - prompts.Max(prompt => prompt.Length));
            plan = plan with
            {
                Constraint = Hold(request, decoder, calls, Math.Max(left, 1)),
                ReadTokens = decoder.Model.CallMarks,
            };
        }

        return new GenerationJob
        {
            Decoder = decoder,
            Prompts = prompts,
            Plan = plan,
            Kept = request.Sampling.N,
            Stream = request.Stream,
            PromptMember = request.MessagesMember,
            IdPrefix = idPrefix,
            Format = format,
            Reader = calls is null ? static _ => new TextReader() : id => new CallReader(id, decoder, calls),
        };
    }

    /// <exception cref="AnswerException">The answer cannot be held to what the client wants.</exception>
    private static Func<Action, ITokenConstraint> Hold(ConversationRequest request, LoadedDecoder decoder, CallChoices? calls, int left)
    {
        var (chat, grammars) = (decoder.Model.Chat, decoder.Grammars);
        var grammar = new AnswerGrammar(request, chat.Tools.Syntax, chat.OpensThinking);
        if (grammar.IsWhole)
        {
            return grammars.Get(grammar.Key, left, grammar.Compile);
        }

        var guide = grammar.MayBeRefused ? Task.FromResult(Find()) : Task.Run(Find);
        return calls!.MakeHold(decoder.Model.WriterFor(request.Sampling), guide, left);

        CallGuide Find() => new(grammars.Find(grammar.Key, grammar.Compile), grammars.Vocabulary);
    }
}
