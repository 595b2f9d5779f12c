using Tollgate.Contracts.Metering;
using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Fairness;
using Tollgate.Inference.Pictures;
using Tollgate.Inference.Requests;

namespace Tollgate.Inference.Tasks;

/// <summary>A request whose pictures a model reads. All of them are decoded before the first run, so that a damaged one costs nothing.
/// Runs count themselves; a cancel ends the work between two steps.</summary>
internal abstract class PictureRun(LoadedPictureModel model, IReadOnlyList<PictureInput> images, RequestScope scope) : UnaryRun(scope)
{
    /// <summary>Pixels that take about as long to decode and resize as the charge of one unit takes to run.</summary>
    public const int PixelsPerCharge = 250_000;

    /// <summary>Most pixels of a turn that decodes several pictures: together about as long as a run of the model, which is what others
    /// wait for. A larger picture has a turn of its own.</summary>
    private const long MostPixelsOfTurn = 8 * PixelsPerCharge;

    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    /// <summary>As a run of the model, which takes all processors too.</summary>
    private static readonly ParallelOptions AllProcessors = new() { MaxDegreeOfParallelism = Environment.ProcessorCount };

    private int _images;

    /// <summary>Pictures run in the order of the request.</summary>
    public override Units Units => PictureInput.UnitsOf(images, Volatile.Read(ref _images));

    /// <summary>Decodes and fits pictures of a request that has its place in the line. Nothing is run.</summary>
    /// <param name="fit">Makes of a picture what the model reads.</param>
    /// <returns>The fitted pictures, or the refusal of the first one that cannot be decoded.</returns>
    /// <exception cref="DisplacedException">The place was given to another organization's request.</exception>
    public static async Task<OrRefusal<IReadOnlyList<T>>> FitAsync<T>(
        IReadOnlyList<PictureInput> pictures, FairTurns.Place place, Func<Picture, T> fit, CancellationToken cancellationToken)
        where T : class
    {
        var fitted = new List<T>(pictures.Count);
        while (fitted.Count < pictures.Count)
        {
            var group = NextOf(pictures, fitted.Count);
            using var turn = await place.TakeTurnAsync(cancellationToken);
            turn.Charge(group.Sum(picture => 1 + (int)(picture.Header.Pixels / PixelsPerCharge)));
            var decoded = new T?[group.Count];
            await Task.Run(
                () => Parallel.For(0, group.Count, AllProcessors, i => decoded[i] = Decode(group[i], fit)), cancellationToken);
            for (var i = 0; i < group.Count; i++)
            {
                if (decoded[i] is not { } one)
                {
                    return OpenAiError.DamagedPicture(group[i].Param);
                }

                fitted.Add(one);
            }
        }

        return fitted;
    }

    /// <summary>Fits the pictures, runs the model and makes the answer.</summary>
    /// <param name="place">The request's place in the line.</param>
    /// <exception cref="ModelRunException">The model fails.</exception>
    protected abstract Task<UnaryOutcome> AnswerAsync(FairTurns.Place place, CancellationToken cancellationToken);

    /// <summary>Counts pictures that have been run.</summary>
    protected void NoteRun(int count) => Interlocked.Add(ref _images, count);

    protected override async Task<UnaryOutcome> ComputeAsync(Reply reply, CancellationToken cancellationToken)
    {
        if (Scope.CheckHold(PictureInput.UnitsOf(images, images.Count)) is { } aboveHold)
        {
            return new UnaryOutcome.Refused(aboveHold);
        }

        using var place = model.Turns.TryJoin(Scope.Identity.Party);
        if (place is null)
        {
            Scope.NoteRefusal("queue_full");
            return new UnaryOutcome.NotTaken(OpenAiError.Overloaded(RetryAfter));
        }

        using var deadline = model.LimitWait(place);
        try
        {
            return await AnswerAsync(place, cancellationToken);
        }
        catch (ModelRunException exception)
        {
            model.NoteFailure(RequestId, exception);
            return new UnaryOutcome.Refused(OpenAiError.ServerError());
        }
        catch (DisplacedException)
        {
            Scope.NoteRefusal("displaced");
            return new UnaryOutcome.Refused(OpenAiError.Overloaded(RetryAfter));
        }
    }

    /// <summary>The pictures of the next turn: as many as stay together below the bound, at least one.</summary>
    private static List<PictureInput> NextOf(IReadOnlyList<PictureInput> pictures, int begun)
    {
        var pixels = pictures[begun].Header.Pixels;
        return
        [
            pictures[begun],
            .. pictures.Skip(begun + 1).TakeWhile(picture => (pixels += picture.Header.Pixels) <= MostPixelsOfTurn),
        ];
    }

    private static T? Decode<T>(PictureInput input, Func<Picture, T> fit)
        where T : class
    {
        using var picture = PictureDecoder.Decode(input.File.Span, input.Header);
        return picture is null ? null : fit(picture);
    }
}
