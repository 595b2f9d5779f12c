namespace Tollgate.Contracts.Metering;

/// <summary>
/// What the <c>id:</c> of a drawing's events counts: denoiser steps and pictures in one number that never falls. Of pictures only those
/// count of which anything went out, and of their steps those that the last of it shows.
/// </summary>
public static class DrawingProgress
{
    /// <summary>Above the most pictures of a request.</summary>
    private const long PictureRange = 16;

    /// <summary>Sixteen times the steps, and the pictures.</summary>
    public static long Of(Units units) => checked((units.Steps * PictureRange) + Math.Min(units.Images, PictureRange - 1));

    /// <summary>The units of a count.</summary>
    /// <param name="known">Those of the answer's headers, with the pixels of one picture.</param>
    /// <param name="count">Not negative.</param>
    public static Units UnitsOf(Units known, long count)
    {
        var images = count % PictureRange;
        return known with { Images = images, Pixels = checked(images * known.Pixels), Steps = count / PictureRange };
    }
}
