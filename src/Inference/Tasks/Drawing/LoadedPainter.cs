using Microsoft.Extensions.Logging;
using Tollgate.Contracts.Workers;
using Tollgate.Inference.Fairness;
using Tollgate.Inference.Models;

namespace Tollgate.Inference.Tasks.Drawing;

/// <summary>A text-to-image model and the loop that draws with it.</summary>
internal sealed class LoadedPainter(InstalledModel installed, DrawingScope scope) : LoadedModel(installed)
{
    private readonly DrawingScope _scope = scope;

    public Painter Painter => _scope.Painter;

    public ModelDrawing Defaults => _scope.Defaults;

    public DrawingLoop Loop { get; } = new(scope);

    public TimeProvider Clock => _scope.Clock;

    public ILogger Logger => _scope.Logger;

    public PictureSizes Sizes { get; } = PictureSizes.Of(scope.Painter, scope.Options.MaxPixels);

    /// <summary>Most steps of a picture: of the operator, and of the model's scheduler.</summary>
    public int MostSteps => Math.Min(_scope.Options.MaxSteps, Painter.Layout.Scheduler.MostSteps);

    /// <summary>Steps of a picture whose request states none.</summary>
    public int UsualSteps => Math.Min(Defaults.Steps, MostSteps);

    public override ModelCard Card => Installed.ToCard() with
    {
        Drawing = new DrawingMeasure(Sizes.NativePixels, Sizes.MostPixels, UsualSteps, MostSteps),
    };

    public override ModelLoad Load => Loop.Load;

    public override TimeSpan Stalled => Loop.Stalled;

    /// <summary>Draws a step as a request does that states nothing, and where that is quick as many pictures as share a call.</summary>
    public override async Task WarmUpAsync(CancellationToken cancellationToken)
    {
        PictureFile.WarmUp();
        var pictures = _scope.Batching ? _scope.Options.PicturesPerCall : 1;
        await Task.Run(() => PainterTrial.WarmUp(Painter, Defaults, pictures, _scope.Clock, cancellationToken), cancellationToken);
    }

    public override async ValueTask DisposeAsync()
    {
        await Loop.DisposeAsync();
        Painter.Dispose();
    }
}
