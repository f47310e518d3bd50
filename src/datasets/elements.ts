// Eight properties of the chemical elements. Written by scripts/elements.py from matminer 0.10.1; do not edit.
//
// The numbers are those of matminer's Magpie tables, under this license:
//
// matminer Copyright (c) 2015, The Regents of the University of
// California, through Lawrence Berkeley National Laboratory (subject
// to receipt of any required approvals from the U.S. Dept. of Energy).
// All rights reserved.
//
// Redistribution and use in source and binary forms, with or without
// modification, are permitted provided that the following conditions
// are met:
//
// (1) Redistributions of source code must retain the above copyright
// notice, this list of conditions and the following disclaimer.
//
// (2) Redistributions in binary form must reproduce the above
// copyright notice, this list of conditions and the following
// disclaimer in the documentation and/or other materials provided with
// the distribution.
//
// (3) Neither the name of the University of California, Lawrence
// Berkeley National Laboratory, U.S. Dept. of Energy nor the names of
// its contributors may be used to endorse or promote products derived
// from this software without specific prior written permission.
//
// THIS SOFTWARE IS PROVIDED BY THE COPYRIGHT HOLDERS AND CONTRIBUTORS
// "AS IS" AND ANY EXPRESS OR IMPLIED WARRANTIES, INCLUDING, BUT NOT
// LIMITED TO, THE IMPLIED WARRANTIES OF MERCHANTABILITY AND FITNESS
// FOR A PARTICULAR PURPOSE ARE DISCLAIMED. IN NO EVENT SHALL THE
// COPYRIGHT OWNER OR CONTRIBUTORS BE LIABLE FOR ANY DIRECT, INDIRECT,
// INCIDENTAL, SPECIAL, EXEMPLARY, OR CONSEQUENTIAL DAMAGES (INCLUDING,
// BUT NOT LIMITED TO, PROCUREMENT OF SUBSTITUTE GOODS OR SERVICES;
// LOSS OF USE, DATA, OR PROFITS; OR BUSINESS INTERRUPTION) HOWEVER
// CAUSED AND ON ANY THEORY OF LIABILITY, WHETHER IN CONTRACT, STRICT
// LIABILITY, OR TORT (INCLUDING NEGLIGENCE OR OTHERWISE) ARISING IN
// ANY WAY OUT OF THE USE OF THIS SOFTWARE, EVEN IF ADVISED OF THE
// POSSIBILITY OF SUCH DAMAGE.

/** The properties, in order of the columns: atomic mass (u), first ionisation energy (kJ/mol), empirical atomic radius (pm),
 * density (kg/m3), electron affinity (kJ/mol), heat of fusion (kJ/mol of atoms), thermal conductivity (W/m/K), largest
 * oxidation state. The names are those of the columns of the UCI data set. */
export const PROPERTIES = [
  "atomic_mass",
  "fie",
  "atomic_radius",
  "Density",
  "ElectronAffinity",
  "FusionHeat",
  "ThermalConductivity",
  "Valence",
] as const;

/** Where the numbers are from. */
export const ELEMENT_TABLE = "matminer 0.10.1 (Magpie element data)";

/** Symbol and properties of each element, in order of atomic number; null where the source has no value. */
export const ELEMENTS: readonly (readonly [symbol: string, ...properties: (number | null)[]])[] = [
  ["H", 1.00794, 1312.05029, 25, 0.0899, 72.8, 0.06, 0.1805, 1],
  ["He", 4.002602, 2372.3222, null, 0.1785, 0, null, 0.1513, null],
  ["Li", 6.941, 520.221798, 145, 535, 59.6, 3, 85, 1],
  ["Be", 9.012182, 899.503806, 105, 1848, 0, 7.895, 190, 2],
  ["B", 10.811, 800.637216, 85, 2460, 26.7, 50.2, 27, 3],
  ["C", 12.0107, 1086.45379, 70, 2260, 153.9, 117.4, 140, 4],
  ["N", 14.0067, 1402.32747, 65, 1.251, 7, 0.355, 0.02583, 5],
  ["O", 15.9994, 1313.94208, 60, 1.429, 141, 0.22, 0.02658, 2],
  ["F", 18.9984032, 1681.04464, 50, 1.696, 328, 0.255, 0.0277, 1],
  ["Ne", 20.1791, 2080.6618, null, 0.9, 0, 0.164, 0.0491, null],
  ["Na", 22.9897693, 495.845455, 180, 968, 52.8, 2.6, 140, 1],
  ["Mg", 24.305, 737.749523, 150, 1738, 0, 8.48, 160, 2],
  ["Al", 26.9815386, 577.538813, 125, 2700, 42.5, 10.71, 235, 3],
  ["Si", 28.0855, 786.517552, 110, 2330, 133.6, 50.21, 150, 4],
  ["P", 30.973762, 1011.81177, 100, 1823, 72, 18.54, 0.236, 5],
  ["S", 32.065, 999.589006, 100, 1960, 200, 1.721, 0.205, 6],
  ["Cl", 35.453, 1251.18609, 100, 3.214, 349, 3.2, 0.0089, 7],
  ["Ar", 39.948, 1520.5712, 71, 1.784, 0, 1.18, 0.01772, null],
  ["K", 39.0983, 418.81034, 220, 856, 48.4, 2.335, 100, 1],
  ["Ca", 40.078, 589.830273, 180, 1550, 2.37, 8.54, 200, 2],
  ["Sc", 44.955912, 633.087542, 160, 2985, 18.1, 14.1, 16, 3],
  ["Ti", 47.867, 658.813426, 140, 4507, 7.6, 14.15, 22, 4],
  ["V", 50.9415, 650.908383, 135, 6110, 50.6, 21.5, 31, 5],
  ["Cr", 51.9961, 652.868965, 140, 7140, 64.3, 21, 94, 6],
  ["Mn", 54.938045, 717.273889, 140, 7470, 0, 12.91, 7.8, 7],
  ["Fe", 55.845, 762.465689, 140, 7874, 15.7, 13.81, 80, 3],
  ["Co", 58.933195, 760.401867, 135, 8900, 63.7, 16.2, 100, 3],
  ["Ni", 58.6934, 737.12864, 135, 8908, 112, 17.48, 91, 3],
  ["Cu", 63.546, 745.48234, 135, 8920, 118.4, 13.6, 400, 2],
  ["Zn", 65.38, 906.402411, 135, 7140, 0, 7.068, 120, 2],
  ["Ga", 69.723, 578.844549, 130, 5904, 28.9, 5.585, 29, 3],
  ["Ge", 72.64, 762.179127, 125, 5323, 119, 36.94, 60, 4],
  ["As", 74.9216, 944.456322, 115, 5727, 78, 24.44, 50, 5],
  ["Se", 78.96, 940.962588, 115, 4819, 195, 6.69, 0.52, 6],
  ["Br", 79.904, 1139.85842, 115, 3120, 324.6, 5.285, 0.12, 5],
  ["Kr", 83.798, 1350.75702, null, 3.75, 0, 1.164, 0.00943, null],
  ["Rb", 85.4678, 403.031582, 235, 1532, 46.9, 2.19, 58, 1],
  ["Sr", 87.62, 549.469494, 200, 2630, 5.03, 7.43, 35, 2],
  ["Y", 88.90585, 599.878255, 180, 4472, 29.6, 11.39, 17, 3],
  ["Zr", 91.224, 640.074045, 155, 6511, 41.1, 21, 23, 4],
  ["Nb", 92.90638, 652.129887, 145, 8570, 86.1, 30, 54, 5],
  ["Mo", 95.96, 684.315464, 145, 10280, 71.9, 37.48, 139, 6],
  ["Tc", 98, 702.413218, 135, 11500, 53, 33.29, 51, 7],
  ["Ru", 101.07, 710.180287, 130, 12370, 101.3, 38.59, 120, 3],
  ["Rh", 102.9055, 719.674444, 135, 12450, 109.7, 26.59, 150, 3],
  ["Pd", 106.42, 804.388565, 140, 12023, 53.7, 16.74, 72, 3],
  ["Ag", 107.8682, 730.995068, 160, 10490, 125.6, 11.3, 430, 1],
  ["Cd", 112.411, 867.77171, 155, 8650, 0, 6.21, 97, 2],
  ["In", 114.818, 558.298866, 155, 7310, 28.9, 3.291, 82, 3],
  ["Sn", 118.71, 708.58056, 145, 7310, 107.3, 7.15, 67, 4],
  ["Sb", 121.76, 830.583368, 145, 6697, 103.2, 19.79, 24, 5],
  ["Te", 127.6, 869.294248, 140, 6240, 190.2, 17.38, 3, 6],
  ["I", 126.90447, 1008.39329, 140, 4940, 295.2, 7.76, 0.449, 7],
  ["Xe", 131.293, 1170.35164, null, 5.9, 0, 2.27, 0.00565, null],
  ["Cs", 132.905452, 375.704717, 260, 1879, 45.5, 2.09, 36, 1],
  ["Ba", 137.327, 502.849132, 215, 3510, 13.95, 7.12, 18, 2],
  ["La", 138.90547, 538.089049, 195, 6146, 48, 6.2, 13, 3],
  ["Ce", 140.116, 534.403309, 185, 6689, 50, 5.46, 11, 4],
  ["Pr", 140.90765, 528.064223, 185, 6640, 50, 6.89, 13, 3],
  ["Nd", 144.242, 533.08146, 185, 7010, 50, 7.14, 17, 3],
  ["Pm", 145, 538.581124, 185, 7264, 50, null, 15, 3],
  ["Sm", 150.36, 544.534269, 185, 7353, 50, 8.62, 13, 3],
  ["Eu", 151.964, 547.108498, 185, 5244, 50, 9.21, 14, 3],
  ["Gd", 157.25, 593.365495, 180, 7901, 50, 9.67, 11, 3],
  ["Tb", 158.92535, 565.77069, 175, 8219, 50, 10.15, 11, 3],
  ["Dy", 162.5, 573.016739, 175, 8551, 50, 11.35, 11, 3],
  ["Ho", 164.93032, 580.986427, 175, 8795, 50, 11.76, 16, 3],
  ["Er", 167.259, 589.303463, 175, 9066, 50, 19.9, 15, 3],
  ["Tm", 168.93421, 596.695204, 175, 9321, 50, 16.84, 17, 3],
  ["Yb", 173.054, 603.434705, 175, 6570, 50, 7.66, 39, 3],
  ["Lu", 174.9668, 523.515904, 175, 9841, 50, 18.65, 16, 3],
  ["Hf", 178.49, 658.519146, 155, 13310, 0, 27.2, 23, 4],
  ["Ta", 180.94788, 728.422769, 145, 16650, 31, 36.57, 57, 5],
  ["W", 183.84, 758.763546, 135, 19250, 78.6, 52.31, 170, 6],
  ["Re", 186.207, 755.819779, 135, 21020, 14.5, 34.08, 48, 7],
  ["Os", 190.23, 814.165424, 130, 22590, 106.1, 57.85, 88, 4],
  ["Ir", 192.217, 865.185903, 135, 22560, 151, 41.12, 150, 4],
  ["Pt", 195.084, 864.392793, 135, 21090, 205.3, 22.175, 72, 4],
  ["Au", 196.966569, 890.128326, 135, 19300, 222.8, 12.55, 320, 3],
  ["Hg", 200.59, 1007.06565, 150, 13534, 0, 2.295, 8.3, 2],
  ["Tl", 204.3833, 589.351127, 190, 11850, 19.2, 4.142, 46, 3],
  ["Pb", 207.2, 715.596009, 180, 11340, 35.1, 4.774, 35, 4],
  ["Bi", 208.9804, 702.943887, 160, 9780, 91.2, 11.106, 8, 5],
  ["Po", 209, 811.827584, 190, 9196, 183.3, 10, 20, 4],
  ["At", 210, null, null, null, 270.1, null, 2, 7],
  ["Rn", 222, 1037.07259, null, 9.73, 0, null, 0.00361, null],
  ["Fr", 223, 392.959768, null, null, null, null, null, 1],
  ["Ra", 226, 509.290396, 215, 5000, null, 7.7, 19, 2],
  ["Ac", 227, 498.829167, 195, 10070, null, 12, 12, 3],
  ["Th", 232.03806, 608.504044, 180, 11724, null, 13.81, 54, 4],
  ["Pa", 231.03586, 568.298606, 180, 15370, null, 12.34, 47, 5],
  ["U", 238.02891, 597.639796, 175, 19050, null, 9.14, 27, 6],
  ["Np", 237, 604.548145, 175, 20450, null, 3.2, 6, 6],
  ["Pu", 244, 581.420611, 175, 19816, null, 2.824, 6, 6],
  ["Am", 243, 576.384077, 175, 13670, null, 14.39, 10, 6],
  ["Cm", 247, 578.082219, null, 13510, null, 14.64, 8.8, 3],
  ["Bk", 247, 598.00644, null, 14780, null, null, 10, 4],
  ["Cf", 251, 606.091911, null, 15100, null, null, null, 3],
  ["Es", 252, 619.435832, null, null, null, 9.41, null, 3],
  ["Fm", 257, 627.154659, null, null, null, null, null, 3],
  ["Md", 258, 634.873485, null, null, null, null, null, 3],
  ["No", 259, 641.627459, null, null, null, null, null, 3],
  ["Lr", 262, 472.778127, null, null, null, null, null, 3],
];
